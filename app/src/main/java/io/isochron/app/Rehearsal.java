package io.isochron.app;

import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Runs the commands that people wait for on a made-up repository in a temporary directory, so that the JVM can be told beforehand which classes and which compiled methods they need (JEP 483, 514 and 515). The
 * launcher runs it once, with {@code -XX:AOTCacheOutput}; nobody else needs to. It reads no configuration and no repository of a user.
 */
public final class Rehearsal {
    private static final int MINUTES = 63;
    private static final int RATE = 300;
    private static final int ROUNDS = 4;

    private Rehearsal() {}

    /** Ends with code 1 and says why if a command fails: what was rehearsed is not to be relied on then. */
    public static void main(String[] args) throws IOException {
        Path directory = Files.createTempDirectory("isochron-rehearsal-");
        int status;
        try {
            status = rehearse(directory, System.err);
        } finally {
            delete(directory);
        }
        System.exit(status);
    }

    /** Answers 0, or 1 if a command failed. */
    static int rehearse(Path directory, PrintStream err) throws IOException {
        Instant start = Instant.now().truncatedTo(ChronoUnit.HOURS).minus(2, ChronoUnit.HOURS);
        make(directory, start);
        String since = start.toString();
        for (int round = 0; round < ROUNDS; round++) {
            for (List<String> command : List.of(
                    List.of("find", "--since", since),
                    List.of("find", "--since", since, "--table", "table_7", "--rows", "100"),
                    List.of("history", "--since", since, "--every", "1h"),
                    List.of("history", "--since", since, "--every", "1m", "--table", "table_7"),
                    List.of("info"),
                    List.of("find", "--help"))) {
                String form = round % 2 == 0 ? "json" : "text";
                String[] arguments = Stream.concat(command.stream(), Stream.of("--output", form))
                        .toArray(String[]::new);
                int status = new Cli(host(directory, err), new Cancellation()).run(arguments);
                if (status != 0) {
                    err.println("error: `isochron " + String.join(" ", arguments) + "` ended with " + status);
                    return 1;
                }
            }
        }
        return 0;
    }

    private static void make(Path directory, Instant start) throws IOException {
        Files.writeString(directory.resolve("isochron.yaml"), """
                cluster: rehearsal
                repository: {path: repository, key-file: key}
                shards:
                  - {name: a, connection: 'host=localhost'}
                  - {name: b, connection: 'host=localhost'}
                """);
        Repository repository = Repository.init(
                FileSystemStore.create(directory.resolve("repository")),
                RepositoryKey.generate(directory.resolve("key")),
                new ClusterIdentity(
                        UUID.randomUUID(),
                        "rehearsal",
                        List.of(new ShardIdentity("a", "1", 17, 16 << 20), new ShardIdentity("b", "2", 17, 16 << 20))),
                start);
        int index = 0;
        for (ShardIdentity shard : repository.cluster().shards()) {
            new SampleLedger(
                            repository, shard.name(), index++, ChronoUnit.MICROS.between(Instant.EPOCH, start), RATE, 1)
                    .make(MINUTES, MINUTES / 3);
        }
    }

    private static Host host(Path directory, PrintStream err) {
        return new Host(
                Map.of(),
                directory,
                ZoneOffset.UTC,
                Clock.systemUTC(),
                new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
                err,
                false,
                null);
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
