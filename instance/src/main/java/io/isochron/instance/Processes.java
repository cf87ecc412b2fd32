package io.isochron.instance;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Short commands and signals, always by process id. */
final class Processes {
    private Processes() {}

    /** Runs a command to its end; its output is returned, a status other than 0 is an error that carries the output. */
    static String run(ProcessBuilder builder) throws IOException {
        Process process = builder.redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .start();
        try (var output = process.getInputStream()) {
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new PostgresInstanceException("command '" + String.join(" ", builder.command())
                        + "' ended with status " + status + ":\n" + text.stripTrailing());
            }
            return text;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new PostgresInstanceException(
                    "interrupted while running '" + builder.command().get(0) + "'", e);
        }
    }

    static String run(List<String> command) throws IOException {
        return run(new ProcessBuilder(command));
    }

    /** Sends a signal by name (INT, QUIT, STOP, ...), also when the thread is interrupted. A process that is gone already is no error. */
    static void signal(String signal, long pid) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            run(List.of("/bin/sh", "-c", "kill -" + signal + " " + pid));
        } catch (PostgresInstanceException e) {
            if (isAlive(pid)) {
                throw e;
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    /** Waits until the condition holds; false when the time is over or the thread was interrupted before. */
    static boolean await(Duration timeout, BooleanSupplier condition) {
        long deadline = System.nanoTime() + timeout.toNanos();
        long pause = TimeUnit.MILLISECONDS.toNanos(1);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline >= 0 || Thread.currentThread().isInterrupted()) {
                return condition.getAsBoolean();
            }
            LockSupport.parkNanos(pause);
            pause = Math.min(pause * 2, TimeUnit.MILLISECONDS.toNanos(20));
        }
        return true;
    }
}
