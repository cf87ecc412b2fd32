package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.instance.TempDirs;
import io.isochron.objects.FileSystemStore;
import io.isochron.restore.ChronicleReader;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Carries out what README.md tells a reader to do, block by block, on real shards. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ReadmeTest {
    private static final Path ROOT = Path.of(System.getProperty("isochron.root"));
    private static final Pattern BLOCK =
            Pattern.compile("<!-- run: (?<kind>[a-z.]+) -->\\n```[a-z]+\\n(?<text>.*?)```", Pattern.DOTALL);
    private static final String EXAMPLE_TARGET = "before:a:74113";
    private static final Pattern FOUND = Pattern.compile("before:[ab]:\\d+");

    private record Block(String kind, String text) {}

    private static List<Block> blocks() throws IOException {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(Files.readString(ROOT.resolve("README.md")));
        while (matcher.find()) {
            blocks.add(new Block(matcher.group("kind"), matcher.group("text")));
        }
        return blocks;
    }

    @Test
    void everyShellBlockOfTheReadmeIsMarkedToBeRunButTheTestCommandItself() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        long shellBlocks =
                Pattern.compile("```(sh|sql|yaml)\\n").matcher(readme).results().count();

        assertThat(blocks()).hasSize((int) shellBlocks - 1);
        assertThat(readme).contains("```sh\nmvn verify\n```");
    }

    @Test
    void theDemoOfTheReadmeEndsWithEveryProofHeld() throws Exception {
        Block demo = blocks().stream()
                .filter(block -> block.kind().equals("demo"))
                .findFirst()
                .orElseThrow();

        Ran ran = bash(ROOT, demo.text().strip() + " --seed 7", Map.of());

        assertThat(ran.status()).as(ran.output()).isZero();
        assertThat(ran.output())
                .contains("Every one of")
                .contains("proofs held")
                .doesNotContain("FAILED");
    }

    @Test
    void theStepsByHandBringDeletedRowsBackFromTheConfigurationToTheCleanUp() throws Exception {
        try (TestCluster cluster =
                TestCluster.start(2, 17, ClusterOptions.defaults().with("fsync", "on"))) {
            Path directory = TempDirs.create("isochron-readme-", cluster.runAs());
            try {
                byHand(cluster, directory);
            } finally {
                TempDirs.delete(directory);
            }
        }
    }

    private static void byHand(TestCluster cluster, Path directory) throws Exception {
        Map<String, String> environment = environment(cluster, directory);
        List<Block> steps =
                blocks().stream().filter(block -> !block.kind().equals("demo")).toList();
        StringBuilder script = new StringBuilder();
        String target = null;
        boolean captured = false;
        Ran last = null;
        try {
            for (Block step : steps) {
                String text = target == null ? step.text() : step.text().replace(EXAMPLE_TARGET, target);
                switch (step.kind()) {
                    case "sql" -> prepareShards(cluster, text);
                    case "isochron.yaml" -> Files.writeString(directory.resolve("isochron.yaml"), text);
                    case "sh", "incident" -> {
                        if (step.kind().equals("incident")) {
                            deleteOrders(cluster);
                            awaitArchived(directory, Instant.now());
                        }
                        last = bash(directory, "set -e\n" + text, environment);
                        script.append(last.output());
                        assertThat(last.status()).as(script.toString()).isZero();
                        captured |= text.contains("isochron capture");
                        if (step.kind().equals("incident")) {
                            Matcher found = FOUND.matcher(last.output());
                            assertThat(found.find()).as(last.output()).isTrue();
                            target = found.group();
                        }
                    }
                    default -> throw new AssertionError("block of unknown kind " + step.kind());
                }
            }
        } finally {
            stopCapture(directory);
        }
        assertThat(captured).isTrue();
        assertThat(target).isNotNull();
        for (TestShard shard : cluster.shards()) {
            assertThat(shard.query("select count(*) from orders where id < 1000"))
                    .isEqualTo("1000");
            assertThat(shard.query("select count(*) from orders where id >= 1000"))
                    .isEqualTo("5");
        }
    }

    /** What the reader has: tables, a role that may write, passwords, a service file. */
    private static void prepareShards(TestCluster cluster, String sql) throws Exception {
        for (TestShard shard : cluster.shards()) {
            shard.execute("drop role isochron");
            shard.execute(sql);
            shard.execute("alter role isochron password '" + shard.password() + "'");
            shard.execute("create role shop login password '" + shard.password() + "'");
            shard.execute("create table payments (id bigint primary key, amount bigint not null)");
            shard.execute("create table orders (id bigint primary key, what text not null)");
            shard.execute("alter table orders owner to shop");
            shard.execute("insert into payments select n, n * 10 from generate_series(1, 500) n");
            shard.execute("insert into orders select n, 'order ' || n from generate_series(0, 999) n");
        }
    }

    /** The incident, in one transaction over both shards; and orders that are made later. */
    private static void deleteOrders(TestCluster cluster) throws Exception {
        for (TestShard shard : cluster.shards()) {
            shard.execute("begin; delete from orders; prepare transaction '131077_cmVsZWFzZQ==_"
                    + (shard.name().endsWith("1") ? "MQ==" : "Mg==") + "'");
        }
        for (TestShard shard : cluster.shards()) {
            shard.execute(
                    "commit prepared '131077_cmVsZWFzZQ==_" + (shard.name().endsWith("1") ? "MQ==" : "Mg==") + "'");
        }
        for (TestShard shard : cluster.shards()) {
            shard.execute("insert into orders select n, 'later' from generate_series(1000, 1004) n");
        }
    }

    /** The history that is shown next is that of archived WAL, and `find` waits for nobody. */
    private static void awaitArchived(Path directory, Instant moment) throws Exception {
        ChronicleReader chronicle = new ChronicleReader(Repository.open(
                FileSystemStore.open(directory.resolve("repository")),
                RepositoryKey.load(directory.resolve("shop.key"))));
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
        while (chronicle
                .window(moment.minusSeconds(10), null)
                .latestMoment()
                .filter(latest -> latest.isAfter(moment.plusSeconds(1)))
                .isEmpty()) {
            assertThat(System.nanoTime() - deadline)
                    .as("the incident is not archived: %s", Files.readString(directory.resolve("capture.log")))
                    .isNegative();
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    private static Map<String, String> environment(TestCluster cluster, Path directory) throws IOException {
        StringBuilder services = new StringBuilder();
        StringBuilder passwords = new StringBuilder();
        for (int i = 0; i < 2; i++) {
            TestShard shard = cluster.shard(i);
            services.append("[shop_")
                    .append(i == 0 ? 'a' : 'b')
                    .append("]\nhost=127.0.0.1\nport=")
                    .append(shard.port());
            services.append("\nuser=isochron\ndbname=postgres\n");
            passwords
                    .append("127.0.0.1:")
                    .append(shard.port())
                    .append(":*:*:")
                    .append(shard.password())
                    .append('\n');
        }
        Files.writeString(directory.resolve("services"), services);
        Path passwordFile = directory.resolve("passwords");
        Files.createFile(
                passwordFile, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(passwordFile, passwords);
        return Map.of(
                "PGSERVICEFILE", directory.resolve("services").toString(),
                "PGPASSFILE", passwordFile.toString(),
                "PATH", ROOT + File.pathSeparator + System.getenv("PATH"));
    }

    /** The reader would press Ctrl-C; the process is found by the repository's folder it works in. */
    private static void stopCapture(Path directory) throws Exception {
        List<ProcessHandle> captures = ProcessHandle.allProcesses()
                .filter(process -> directory.equals(workingDirectory(process)))
                .toList();
        captures.forEach(ProcessHandle::destroy);
        for (ProcessHandle capture : captures) {
            capture.onExit().get(120, TimeUnit.SECONDS);
        }
    }

    private static Path workingDirectory(ProcessHandle process) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/cwd"));
        } catch (IOException e) {
            return Path.of("/");
        }
    }

    private record Ran(int status, String output) {}

    private static Ran bash(Path directory, String script, Map<String, String> environment) throws Exception {
        Path output = Files.createTempFile("isochron-readme", ".out");
        try {
            ProcessBuilder builder = new ProcessBuilder("bash", "-c", script)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            int status = builder.start().waitFor();
            return new Ran(status, "$ " + script + "\n" + Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }
}
