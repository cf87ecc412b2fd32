package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.CopyListener;
import io.isochron.objects.CrashPoint;
import io.isochron.objects.FileSystemStore;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.ReplicatedStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.KeyFile;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies;
import io.isochron.store.ShardIdentity;
import io.isochron.store.WalRange;
import io.isochron.testkit.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * {@code copy --to} and {@code key rotate --apply} end at every named place as by {@code kill -9}, in a process of their own. What is there then must be usable, and the same command again must come to its end and leave a
 * whole repository.
 */
@ResourceLock(value = TestHost.LOGS, mode = ResourceAccessMode.READ)
class CrashTest {
    private static final Pattern REACHED =
            Pattern.compile("CrashPoint\\.reached\\(\"((?:copy|rotate)\\.[a-z.-]+)\"\\)");
    private static final Set<String> COPY =
            Set.of("copy.prepared", "copy.decided", "copy.placed", "copy.compared", "copy.finished", "copy.noted");
    private static final Set<String> ROTATE = Set.of(
            "rotate.taken", "rotate.written", "rotate.moved", "rotate.kept", "rotate.recorded", "rotate.sealing");

    @TempDir
    Path directory;

    @Test
    void everyNamedPlaceOfCopyAndRotateIsTriedHere() throws IOException {
        Set<String> named = new TreeSet<>();
        Path root = Path.of(System.getProperty("isochron.root"));
        try (Stream<Path> files =
                Files.find(root, 12, (path, _) -> path.toString().matches(".*/src/main/java/.*\\.java"))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Matcher matcher = REACHED.matcher(Files.readString(file));
                while (matcher.find()) {
                    named.add(matcher.group(1));
                }
            }
        }
        Set<String> tried = new TreeSet<>(COPY);
        tried.addAll(ROTATE);
        assertThat(named).isEqualTo(tried);
    }

    @Test
    void aCopyThatWasKilledAnywhereIsFilledByTheSameCommand() throws Exception {
        template();
        for (String point : COPY) {
            int crashes = 0;
            for (int time = 1; ; time *= 2) {
                Path home = fresh();
                int status = killed(home, "isochron.yaml", point + "#" + time, "copy", "--to", "far");
                if (status == 0) {
                    break;
                }
                assertThat(status).as(point).isEqualTo(CrashPoint.STATUS);
                crashes++;
                TestHost host = new TestHost(home);
                // the nearest copy, which decides, is as good as before
                ok(host, "verify", "--config", "near.yaml");
                ok(host, "copy", "--to", "far");
                if (host.run("verify") != 0) {
                    // an entry of the audit log that the killed one left in one copy
                    assertThat(host.out().lines().filter(line -> line.startsWith("copy ")))
                            .as(point + "\n" + host.all())
                            .isNotEmpty()
                            .allMatch(line -> line.startsWith("copy third: missing: audit/"));
                    ok(host, "verify", "--repair");
                    ok(host, "verify");
                }
                for (String copy : List.of("far", "third")) {
                    assertThat(files(home.resolve(copy))).as(point).isEqualTo(files(home.resolve("near")));
                }
            }
            assertThat(crashes).as(point).isPositive();
        }
    }

    @Test
    void aRotationThatWasKilledAnywhereIsFinishedByTheSameCommand() throws Exception {
        template();
        for (String point : ROTATE) {
            int crashes = 0;
            for (int time = 1; ; time++) {
                Path home = fresh();
                int status = killed(home, "near.yaml", point + "#" + time, "key", "rotate", "--apply");
                if (status == 0) {
                    break;
                }
                assertThat(status).as(point).isEqualTo(CrashPoint.STATUS);
                crashes++;
                TestHost host = new TestHost(home);
                // every key that sealed anything is in the file
                ok(host, "verify", "--config", "near.yaml");
                if (!finished(host)) {
                    ok(host, "key", "rotate", "--apply", "--config", "near.yaml");
                }
                assertThat(finished(host)).as(point + "\n" + host.out()).isTrue();
                ok(host, "verify", "--config", "near.yaml");
            }
            assertThat(crashes).as(point).isPositive();
        }
    }

    /** True if there are two keys and the new one seals. */
    private static boolean finished(TestHost host) throws IOException {
        ok(host, "key", "show", "--config", "near.yaml", "--output", "json");
        Map<?, ?> answer = (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
        List<?> keys = (List<?>) answer.get("keys");
        assertThat(keys).as(host.out()).hasSizeBetween(1, 2);
        return keys.size() == 2
                && keys.stream()
                        .map(key -> (Map<?, ?>) key)
                        .anyMatch(key -> key.get("by") != null && Boolean.TRUE.equals(key.get("seals")));
    }

    /** Two copies of a small repository, and the place of a third one. */
    private void template() throws IOException {
        Path home = Files.createDirectory(directory.resolve("template"));
        Files.writeString(home.resolve("isochron.yaml"), """
                cluster: crash
                repository:
                  copies: [{name: near, path: near}, {name: third, path: third}, {name: far, path: far}]
                  key-file: key
                shards:
                  - {name: a, connection: 'host=localhost'}
                """);
        Files.writeString(home.resolve("near.yaml"), """
                cluster: crash
                repository: {path: near, key-file: key}
                shards:
                  - {name: a, connection: 'host=localhost'}
                """);
        Map<String, ObjectStore> copies = new LinkedHashMap<>();
        copies.put("near", FileSystemStore.create(home.resolve("near")));
        copies.put("third", FileSystemStore.create(home.resolve("third")));
        ClusterIdentity cluster = new ClusterIdentity(
                UUID.randomUUID(), "crash", List.of(new ShardIdentity("a", "7300000000000000001", 17, 16 << 20)));
        try (ReplicatedStore store = RepositoryCopies.of(copies, 2, ReplicatedStore.Role.WRITER, CopyListener.NONE)) {
            Repository repository = Repository.init(
                    store,
                    new KeyFile(home.resolve("key"), null).create(),
                    cluster,
                    Instant.parse("2026-11-22T12:00:00Z"));
            for (int piece = 0; piece < 4; piece++) {
                long start = 0x2000_0000L + piece * 3000L;
                byte[] bytes = new byte[3000];
                new Random(piece).nextBytes(bytes);
                repository.wal().write(new WalRange("a", 1, start, start + 3000), ByteBuffer.wrap(bytes));
            }
            for (int segment = 0; segment < 3; segment++) {
                repository.documents().put("cut", "number-" + segment, new byte[400]);
            }
            repository.documents().put("cut", "one", new byte[300]);
        }
    }

    private int number;

    private Path fresh() throws IOException {
        Path from = directory.resolve("template");
        Path home = directory.resolve("run-" + ++number);
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : (Iterable<Path>) all::iterator) {
                Files.copy(path, home.resolve(from.relativize(path)), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        return home;
    }

    /** Runs a command in a process that ends where it is told; returns its status. */
    private static int killed(Path home, String configuration, String point, String... command) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--config", home.resolve(configuration).toString()));
        try (ChildJvm child =
                ChildJvm.start(Main.class, home.resolve("output"), List.of("-Disochron.crash=" + point), arguments)) {
            int status = child.await(Duration.ofMinutes(1));
            assertThat(status).as(() -> point + "\n" + output(child)).isIn(0, CrashPoint.STATUS);
            return status;
        }
    }

    private static String output(ChildJvm child) {
        try {
            return child.output();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Bytes of every object by its name. */
    private static Map<String, ByteBuffer> files(Path store) throws IOException {
        Map<String, ByteBuffer> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(store)) {
            for (Path path : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
                String name = store.relativize(path).toString();
                if (!name.startsWith(".tmp")) {
                    files.put(name, ByteBuffer.wrap(Files.readAllBytes(path)));
                }
            }
        }
        return files;
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }
}
