package io.isochron.instance;

import io.isochron.instance.PostgresInstance.Readiness;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;

/** Waits for a server that was just started, by connecting to it again and again. */
final class ReadyWait {
    /** SQLSTATE of a server that is starting, stopping or not yet consistent (cannot_connect_now). */
    private static final String NOT_YET = "57P03";

    private final PostgresInstance instance;
    private final long logStart;
    private String last = "it does not answer";

    /**
     * @param logStart where in its log file this start begins
     */
    ReadyWait(PostgresInstance instance, long logStart) {
        this.instance = instance;
        this.logStart = logStart;
    }

    /** Returns when it is ready; otherwise the message of the error carries the end of the log. */
    void until(Readiness readiness, Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (!isReady(readiness)) {
            if (!instance.isRunning()) {
                throw failure("ended while it was starting");
            }
            if (System.nanoTime() - deadline >= 0) {
                throw failure("was not ready within " + timeout.toMillis() + " ms (" + last + ")");
            }
            if (Thread.currentThread().isInterrupted()) {
                throw failure("was not waited for, because of an interruption");
            }
            Processes.await(Duration.ofMillis(15), () -> !instance.isRunning());
        }
    }

    private boolean isReady(Readiness readiness) throws IOException {
        try (Connection connection = instance.jdbc("postgres")) {
            return connection.isValid(10);
        } catch (SQLException e) {
            String state = Objects.requireNonNullElse(e.getSQLState(), "08000");
            last = Objects.requireNonNullElse(e.getMessage(), last);
            boolean answered = !state.startsWith("08");
            if (answered && readiness == Readiness.ANSWERS) {
                return true;
            }
            if (answered && !state.equals(NOT_YET)) {
                throw new PostgresInstanceException(
                        "PostgreSQL on '" + instance.dataDirectory() + "' runs but refuses the user '"
                                + instance.superuser() + "': " + last,
                        e);
            }
            return false;
        }
    }

    private PostgresInstanceException failure(String what) {
        return new PostgresInstanceException(
                "PostgreSQL " + instance.installation().major() + " on '" + instance.dataDirectory() + "' " + what
                        + "; its log ends with:\n" + LogTail.read(instance.log(), logStart));
    }
}
