package io.isochron.app;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Map;

/** A process that is not there: runs commands and keeps what they print. */
final class TestHost {
    /**
     * What commands change for the whole JVM, see {@link Logs}: a log of one test must not be printed to another's host. Journeys that mind no line too many or too few of it share the lock (mode READ), and so run beside each other.
     */
    static final String LOGS = "java.util.logging";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Path directory;
    private final Map<String, String> environment;
    private Clock clock = Clock.systemUTC();
    private String answers = "";

    TestHost(Path directory, Map<String, String> environment) {
        this.directory = directory;
        this.environment = environment;
    }

    TestHost(Path directory) {
        this(directory, Map.of());
    }

    /** Its clock is ahead, so that what happened just now is old. */
    TestHost ahead(Duration time) {
        clock = Clock.offset(Clock.systemUTC(), time);
        return this;
    }

    /** Somebody sits there and types this. */
    void types(String text) {
        answers = text;
    }

    /** Runs a command; what earlier ones printed is forgotten. */
    int run(String... args) {
        return run(new Cancellation(), args);
    }

    /** The same, with a way to end it. */
    int run(Cancellation cancellation, String... args) {
        out.reset();
        err.reset();
        Host host = new Host(
                environment,
                directory,
                ZoneId.of("Europe/Berlin"),
                clock,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                answers.isEmpty() ? null : new ByteArrayInputStream(answers.getBytes(StandardCharsets.UTF_8)));
        return new Cli(host, cancellation).run(args);
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    /** What was printed to both, for the message of an assertion. */
    String all() {
        return out() + err();
    }
}
