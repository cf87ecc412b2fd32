package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.testkit.TestCluster;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Keys by commands. Only init needs a database. */
@ResourceLock(TestHost.LOGS)
class KeyCommandTest {
    @TempDir
    Path directory;

    private TestHost host;

    @BeforeEach
    void host() throws Exception {
        host = new TestHost(directory);
        configure("key-file: key", "host=localhost");
    }

    private void configure(String key, String connection) throws Exception {
        Files.writeString(
                directory.resolve("isochron.yaml"),
                "cluster: keys\nrepository: {path: repository, " + key + "}\nshards:\n  - {name: a, connection: '"
                        + connection + "'}\n");
    }

    private RepositoryKey make() throws Exception {
        RepositoryKey key = RepositoryKey.generate(directory.resolve("key"));
        Repository.init(
                FileSystemStore.create(directory.resolve("repository")),
                key,
                new ClusterIdentity(UUID.randomUUID(), "keys", List.of(new ShardIdentity("a", "1", 17, 16 << 20))),
                Instant.parse("2026-11-22T12:00:00Z"));
        return key;
    }

    private Map<?, ?> json(String... args) {
        String[] all = java.util.stream.Stream.concat(
                        java.util.stream.Stream.of(args), java.util.stream.Stream.of("--output", "json"))
                .toArray(String[]::new);
        assertThat(host.run(all)).as(host.all()).isZero();
        return (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void initRefusesBeforeAnythingIsTouchedIfNobodyKeepsTheKey() {
        assertThat(host.run("init")).isEqualTo(ExitCode.REFUSED.number());
        assertThat(host.err()).contains("lost for good").contains("--key-kept");
        assertThat(directory.resolve("key")).doesNotExist();
        assertThat(directory.resolve("repository")).doesNotExist();
    }

    @Test
    void initOnATerminalWantsTheKeysIdTypedBack() throws Exception {
        try (TestCluster cluster = TestCluster.start(1, 17)) {
            configure("key-file: key", cluster.shard(0).connectionString());
            host.types("yes\n");
            assertThat(host.run("init")).as(host.all()).isEqualTo(ExitCode.REFUSED.number());
            assertThat(directory.resolve("repository")).doesNotExist();
            RepositoryKey key = RepositoryKey.load(directory.resolve("key"));
            host.types(key.primaryKeyId() + "\n");
            assertThat(host.run("init")).as(host.all()).isZero();
            assertThat(host.err()).contains("type the key's id");
            assertThat(directory.resolve("repository/isochron-repository")).exists();
            assertThat(host.run("check")).as(host.all()).isZero();
            assertThat(host.out()).contains("is on the same file system as the repository");
        }
    }

    @Test
    void keysAreShownWithoutTheirSecretAndRotatedOnlyIfThatIsWanted() throws Exception {
        String before = make().primaryKeyId();
        String file = Files.readString(directory.resolve("key"));
        Map<?, ?> dry = json("key", "rotate");
        assertThat(dry.get("applied")).isEqualTo(false);
        assertThat(dry.get("from")).isEqualTo(before);
        assertThat(directory.resolve("key")).content().isEqualTo(file);

        Map<?, ?> done = json("key", "rotate", "--apply");
        assertThat(done.get("applied")).isEqualTo(true);
        assertThat(done.get("resumed")).isEqualTo(false);
        String after = (String) done.get("to");
        assertThat((String) done.get("backup")).endsWith("key.before-" + after);
        List<?> keys = (List<?>) json("key", "show").get("keys");
        assertThat(keys).hasSize(2);
        for (Object one : keys) {
            Map<?, ?> key = (Map<?, ?>) one;
            assertThat(key.get("seals")).isEqualTo(key.get("id").equals(after));
            assertThat((String) key.get("since")).isNotNull();
        }
        assertThat(host.run("key")).isZero();
        String secret = file.replaceAll("(?s).*\"value\": *\"([^\"]{20}).*", "$1");
        assertThat(secret).hasSize(20);
        assertThat(host.all()).contains(before, after, "init").doesNotContain(secret);
        assertThat(host.run("verify")).as(host.all()).isZero();
    }

    @Test
    void aPlainKeyFileIsWrappedByAProgramAndOpensTheSameRepository() throws Exception {
        make();
        json("key", "rotate", "--apply");
        String secret =
                Files.readString(directory.resolve("key")).replaceAll("(?s).*\"value\": *\"([^\"]{20}).*", "$1");
        // a program that keeps what it is given, shifted by 13 letters
        Path rot = Files.writeString(directory.resolve("rot"), "#!/bin/sh\ntr 'A-Za-z' 'N-ZA-Mn-za-m'\n");
        Path other = Files.writeString(directory.resolve("other"), "#!/bin/sh\ntr 'A-Za-z' 'B-ZAb-za'\n");
        for (Path script : List.of(rot, other)) {
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        }
        String wrapping = ", key-wrapping: {name: kms, wrap: [%s], unwrap: [%s]}";
        assertThat(host.run("key", "wrap", "--from", "key")).isEqualTo(ExitCode.REFUSED.number());
        assertThat(host.err()).contains("names no program");
        configure("key-file: key" + wrapping.formatted(rot, rot), "host=localhost");
        assertThat(host.run("key", "wrap", "--from", "key")).isEqualTo(ExitCode.REFUSED.number());
        assertThat(host.err()).contains("exists already").contains("let `key-file` name a new file");
        // one that gives something else back: nothing is written
        configure("key-file: wrapped" + wrapping.formatted(rot, other), "host=localhost");
        assertThat(host.run("key", "wrap", "--from", "key")).as(host.all()).isNotZero();
        assertThat(directory.resolve("wrapped")).doesNotExist();
        assertThat(host.all()).doesNotContain("open it without any program", secret);

        configure("key-file: wrapped" + wrapping.formatted(rot, rot), "host=localhost");
        byte[] plain = Files.readAllBytes(directory.resolve("key"));
        Map<?, ?> done = json("key", "wrap", "--from", "key");
        assertThat(done.get("repository")).isEqualTo(true);
        assertThat((List<?>) done.get("keys")).hasSize(2);
        assertThat((List<?>) done.get("plain"))
                .hasSize(2)
                .anyMatch(file -> String.valueOf(file).contains("before-"));
        assertThat(directory.resolve("key")).hasBinaryContent(plain);
        assertThat(directory.resolve("wrapped"))
                .content()
                .contains("isochron-wrapped-key")
                .doesNotContain(secret);
        Files.delete(directory.resolve("key"));
        assertThat(host.run("verify")).as(host.all()).isZero();
        assertThat(json("key").get("wrapped")).isEqualTo(true);
        List<Object> ended = new ArrayList<>();
        for (Object entry : (List<?>) json("audit", "--command", "key wrap").get("entries")) {
            ended.add(((Map<?, ?>) entry).get("event"));
        }
        assertThat(ended).containsSubsequence("begun", "failed", "begun", "succeeded");
    }

    @Test
    void aKeyOfAnotherRepositoryIsNotWrapped() throws Exception {
        make();
        RepositoryKey.generate(directory.resolve("stranger"));
        configure("key-file: wrapped, key-wrapping: {name: kms, wrap: [cat], unwrap: [cat]}", "host=localhost");
        assertThat(host.run("key", "wrap", "--from", "stranger")).isEqualTo(ExitCode.REPOSITORY.number());
        assertThat(directory.resolve("wrapped")).doesNotExist();
    }

    @Test
    void aHostWithTheFormerKeyFileIsToldWhatItLacks() throws Exception {
        make();
        Path key = directory.resolve("key");
        byte[] former = Files.readAllBytes(key);
        String to = (String) json("key", "rotate", "--apply").get("to");
        Repository.open(FileSystemStore.open(directory.resolve("repository")), RepositoryKey.load(key))
                .documents()
                .put("cut", "a", new byte[] {1});
        Files.write(key, former);
        assertThat(host.run("key")).isZero();
        assertThat(host.out()).contains("key " + to + " is missing from key file");
        assertThat(host.run("key", "rotate", "--apply")).isEqualTo(ExitCode.REPOSITORY.number());
        assertThat(host.err()).contains("rotated to " + to).contains("copy the key file");
        assertThat(host.run("verify")).as(host.all()).isNotZero();
        assertThat(host.all()).contains("rotated to " + to).doesNotContain("is damaged");
    }

    @Test
    void theKeyMayBeInAVariable() throws Exception {
        make();
        String text = Files.readString(directory.resolve("key"));
        configure("key-variable: THE_KEY", "host=localhost");
        assertThat(host.run("verify")).isEqualTo(ExitCode.REPOSITORY.number());
        assertThat(host.err()).contains("variable THE_KEY, which is to hold the key, is not set");
        for (String value :
                List.of(text, Base64.getMimeEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)))) {
            host = new TestHost(directory, Map.of("THE_KEY", value));
            assertThat(host.run("verify")).as(host.all()).isZero();
        }
        assertThat(host.run("key", "rotate", "--apply")).isEqualTo(ExitCode.REFUSED.number());
        host = new TestHost(directory, Map.of("THE_KEY", "geheim"));
        assertThat(host.run("verify")).isEqualTo(ExitCode.REPOSITORY.number());
        assertThat(host.all()).contains("variable THE_KEY does not hold a key").doesNotContain("geheim");
    }
}
