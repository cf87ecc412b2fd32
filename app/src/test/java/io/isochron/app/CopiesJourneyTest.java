package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A repository in several copies, as a person meets it. */
@ResourceLock(TestHost.LOGS)
class CopiesJourneyTest {
    private static final String NEAR_AND_FAR = "{name: near, path: near}, {name: far, path: far}";

    @Test
    void copiesAreFilledComparedRepairedAndLeftOut() throws Exception {
        try (TestCluster cluster = TestCluster.start(1, 16)) {
            Path home = cluster.directory();
            TestHost host = new TestHost(home);
            configure(home, cluster.shard(0), NEAR_AND_FAR);
            ok(host, "init", "--key-kept");
            ok(host, "capture", "--for", "3s");
            ok(host, "copy");
            assertThat(host.out()).contains("copy near: lacks nothing", "copy far: lacks nothing");
            assertThat(names(home.resolve("far")))
                    .isEqualTo(names(home.resolve("near")))
                    .isNotEmpty();

            // one object is lost and one is damaged, each in another copy
            String lost = first(home.resolve("near"), "chronicle/");
            String changed = first(home.resolve("far"), "wal/");
            Files.delete(home.resolve("near").resolve(lost));
            Path damaged = home.resolve("far").resolve(changed);
            byte[] right = Files.readAllBytes(damaged);
            Files.delete(damaged);
            Files.write(damaged, new byte[right.length]);
            assertThat(host.run("verify")).isEqualTo(ExitCode.DAMAGED.number());
            assertThat(host.out())
                    .contains("copy near: missing: " + lost)
                    .contains("copy far: damage: " + changed)
                    .contains("DAMAGED: ");
            ok(host, "verify", "--repair");
            assertThat(host.out()).contains("repaired: ");
            ok(host, "verify");
            assertThat(Files.readAllBytes(damaged)).isEqualTo(right);

            // a copy that is away holds up no reader: what both must confirm each one tells
            Files.move(home.resolve("near"), home.resolve("elsewhere"));
            ok(host, "info");
            assertThat(host.err()).contains("copy near is away");
            assertThat(host.run("copy")).isNotZero();

            // it is lost for good, and a new place is filled from the other
            configure(home, cluster.shard(0), NEAR_AND_FAR + ", {name: third, path: third}");
            ok(host, "copy", "--to", "third", "--without-copy", "near");
            configure(home, cluster.shard(0), "{name: far, path: far}, {name: third, path: third}");
            ok(host, "copy");
            assertThat(host.out()).contains("copy far: lacks nothing", "copy third: lacks nothing");
            ok(host, "verify");
            ok(host, "info", "--without-copy", "far");
            assertThat(host.run("info", "--without-copy", "moon")).isEqualTo(ExitCode.USAGE.number());
        }
    }

    private static void configure(Path home, TestShard shard, String copies) throws IOException {
        Files.writeString(home.resolve("isochron.yaml"), """
                cluster: journey
                repository:
                  copies: [%s]
                  key-file: key
                shards:
                  - {name: %s, connection: '%s'}
                """.formatted(copies, shard.name(), shard.connectionString()));
    }

    private static String first(Path store, String prefix) throws IOException {
        return names(store).stream()
                .filter(name -> name.startsWith(prefix))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> names(Path store) throws IOException {
        try (Stream<Path> files = Files.walk(store)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> store.relativize(file).toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }
}
