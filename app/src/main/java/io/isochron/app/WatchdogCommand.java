package io.isochron.app;

import io.isochron.capture.CaptureOptions;
import io.isochron.capture.ShardSource;
import io.isochron.capture.SyncWatchdog;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Started by {@code capture} in synchronous mode, not by people: waits until capture has ended, however that was, and then frees shards whose commits wait for it. */
@picocli.CommandLine.Command(name = "capture-watchdog", hidden = true, description = "Belongs to capture.")
final class WatchdogCommand extends Command {
    private static final String NAME = "capture-watchdog";

    private final InputStream capture;

    /** @param capture ends when capture has ended */
    WatchdogCommand(Host host, InputStream capture) {
        super(host);
        this.capture = capture;
    }

    @Override
    ExitCode run() throws AppException {
        CaptureOptions.Synchronous mode = config().capture().synchronous();
        if (mode == null) {
            return ExitCode.OK;
        }
        Map<String, ShardSource> sources = new LinkedHashMap<>();
        sources().forEach(source -> sources.put(source.name(), source));
        awaitEnd();
        try {
            // shards may have come since
            sourcesNow().forEach(source -> sources.put(source.name(), source));
        } catch (IOException e) {
            host.err().println("shards that were added since capture began are not watched: " + e.getMessage());
        }
        new SyncWatchdog(List.copyOf(sources.values()), mode, line -> host.err().println(line)).captureHasEnded();
        return ExitCode.OK;
    }

    private void awaitEnd() {
        try {
            while (capture.read() >= 0) {
                // capture never writes
            }
        } catch (IOException e) {
            // its end is what this waits for
        }
    }

    /** Starts it as a child of this process, whose end it will notice by the end of its standard input. */
    static Process start(Config config) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(new File(System.getProperty("java.home"), "bin/java").toString());
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx32m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                NAME,
                "--config",
                config.file().toAbsolutePath().toString()));
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
