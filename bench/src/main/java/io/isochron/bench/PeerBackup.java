package io.isochron.bench;

import io.isochron.instance.TempDirs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** pgBackRest's backup of a data directory whose server is stopped: zstd level 3, AES-256, one process. */
final class PeerBackup {
    private static final String PROGRAM = "/usr/bin/pgbackrest";

    private final Path data;
    private final Path directory;
    private long storedBytes;

    PeerBackup(Path data, Path directory) {
        this.data = data;
        this.directory = directory;
    }

    /** Why there is nothing to compare with; null if there is. */
    @Nullable
    String unavailable() {
        return Files.isExecutable(Path.of(PROGRAM))
                ? null
                : "no pgBackRest at " + PROGRAM + "; install Debian's package pgbackrest";
    }

    /** Each time into an empty repository, which is made before the time that counts. */
    TimedRun run() throws IOException, InterruptedException {
        Files.createDirectories(directory);
        try {
            TimedRun.of(command("stanza-create"));
            TimedRun run = TimedRun.of(command("backup", "--type=full"));
            storedBytes = RepositoryMain.bytesBelow(directory.resolve("repo"));
            return run;
        } finally {
            TempDirs.delete(directory);
        }
    }

    long storedBytes() {
        return storedBytes;
    }

    String version() throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(PROGRAM, "version").redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        return text;
    }

    private List<String> command(String name, String... options) throws IOException {
        Path configuration = directory.resolve("empty.conf");
        if (!Files.exists(configuration)) {
            Files.createFile(configuration);
        }
        List<String> command = new ArrayList<>(List.of(
                "env",
                "PGBACKREST_REPO1_CIPHER_PASS=a-bench-has-no-secrets",
                PROGRAM,
                "--config=" + configuration,
                "--stanza=bench",
                "--pg1-path=" + data,
                "--repo1-path=" + directory.resolve("repo"),
                "--repo1-cipher-type=aes-256-cbc",
                "--compress-type=zst",
                "--compress-level=3",
                "--process-max=1",
                "--no-online",
                "--log-level-console=error",
                "--log-level-file=off",
                "--lock-path=" + directory.resolve("lock")));
        if (name.equals("stanza-create")) {
            command.removeIf(option -> option.startsWith("--compress") || option.startsWith("--process"));
        }
        command.addAll(List.of(options));
        command.add(name);
        return command;
    }
}
