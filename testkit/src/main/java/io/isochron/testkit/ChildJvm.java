package io.isochron.testkit;

import io.isochron.instance.ExitGuard;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A main class in a process of its own with the classpath of this one, so that a test can {@code kill -9} it. Its output goes to a
 * file. It does not outlive this JVM.
 */
public final class ChildJvm implements AutoCloseable {
    private final Process process;
    private final Path output;

    private ChildJvm(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /**
     * Starts {@code main} with arguments.
     *
     * @param output the file that takes standard output and error
     * @param jvmOptions options before the class, such as {@code -Xmx256m}
     */
    public static ChildJvm start(Class<?> main, Path output, List<String> jvmOptions, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
        for (String property : List.of("isochron.root", "isochron.home", "isochron.seed")) {
            String value = System.getProperty(property);
            if (value != null) {
                command.add("-D" + property + "=" + value);
            }
        }
        command.addAll(jvmOptions);
        command.add(main.getName());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path", ""));
        ChildJvm child = new ChildJvm(builder.start(), output);
        ExitGuard.protect(child);
        return child;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** {@code kill -9}, and waits until it is gone. */
    public void kill() {
        process.destroyForcibly().onExit().join();
        ExitGuard.release(this);
    }

    /** SIGTERM: shutdown hooks run. */
    public void terminate() {
        process.destroy();
    }

    /**
     * Waits for its end.
     *
     * @return its exit status
     * @throws IOException when it still runs after the time; the message carries its output
     */
    public int await(Duration timeout) throws IOException, InterruptedException {
        if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException(
                    "child process " + pid() + " still runs after " + timeout + "; its output:\n" + output());
        }
        ExitGuard.release(this);
        return process.exitValue();
    }

    /** What it has written so far. */
    public String output() throws IOException {
        return new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        kill();
    }
}
