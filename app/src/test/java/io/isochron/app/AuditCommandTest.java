package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Commands leave a trace in the repository, and none of it disappears unseen. */
@ResourceLock(TestHost.LOGS)
class AuditCommandTest {
    @TempDir
    Path directory;

    private TestHost host;

    @BeforeEach
    void makeRepository() throws Exception {
        host = new TestHost(directory);
        Files.writeString(
                directory.resolve("isochron.yaml"),
                "cluster: audited\nrepository: {path: repository, key-file: key}\nshards:\n  - {name: a, connection: host=localhost}\n");
        Repository.init(
                FileSystemStore.create(directory.resolve("repository")),
                RepositoryKey.generate(directory.resolve("key")),
                new ClusterIdentity(UUID.randomUUID(), "audited", List.of(new ShardIdentity("a", "1", 17, 16 << 20))),
                Instant.parse("2026-11-22T12:00:00Z"));
    }

    private Map<?, ?> json(ExitCode code, String... args) {
        String[] all =
                Stream.concat(Stream.of(args), Stream.of("--output", "json")).toArray(String[]::new);
        assertThat(host.run(all)).as(host.all()).isEqualTo(code.number());
        return (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
    }

    private List<String> events(String... args) {
        return ((List<?>) json(ExitCode.OK, args).get("entries"))
                .stream()
                        .map(entry -> ((Map<?, ?>) entry).get("command") + " " + ((Map<?, ?>) entry).get("event"))
                        .toList();
    }

    @Test
    void commandsSayThatTheyBeginAndHowTheyEndedAndAChangedConfigurationIsNoticed() throws Exception {
        assertThat(host.run("verify")).as(host.all()).isZero();
        assertThat(host.run("info")).as(host.all()).isZero();
        assertThat(host.run("key", "rotate")).as(host.all()).isZero();
        assertThat(host.run("key", "rotate", "--apply")).as(host.all()).isZero();
        Files.writeString(directory.resolve("isochron.yaml"), "# changed\n", StandardOpenOption.APPEND);
        assertThat(host.run("plan", "--target", "latest")).as(host.all()).isEqualTo(ExitCode.REFUSED.number());
        assertThat(events("audit"))
                .containsExactly(
                        "verify configuration",
                        "verify begun",
                        "verify succeeded",
                        "key rotate begun",
                        "key rotate succeeded",
                        "plan configuration",
                        "plan begun",
                        "plan failed");
        assertThat(events("audit", "--command", "key rotate")).hasSize(2);
        assertThat(events("audit", "--until", "1h")).isEmpty();
        assertThat(events("audit", "--verify")).isEmpty();
        List<?> plan = (List<?>) json(ExitCode.OK, "audit", "--command", "plan").get("entries");
        Map<?, ?> begun = (Map<?, ?>) plan.get(1);
        Map<?, ?> failed = (Map<?, ?>) plan.get(2);
        assertThat(begun.get("arguments")).isEqualTo(List.of("plan", "--target", "latest"));
        assertThat(failed.get("begun")).isEqualTo(begun.get("number"));
        assertThat(failed.get("exit")).isEqualTo(ExitCode.REFUSED.number());
        assertThat((String) failed.get("detail")).isNotEmpty();
        assertThat((String) begun.get("user")).isEqualTo(System.getProperty("user.name"));
        assertThat(host.run("audit")).isZero();
        assertThat(host.out()).contains("isochron key rotate --apply", "whole: 8 entries");
    }

    @Test
    void secretsOnACommandLineAreNotKept() {
        host.run("plan", "--target", "password=geheim");
        host.run("plan", "--target", "postgres://u:geheim@h/d");
        Map<?, ?> audit = json(ExitCode.OK, "audit");
        assertThat(audit.get("count")).isEqualTo(5);
        assertThat(host.all()).contains("password=***").doesNotContain("geheim");
    }

    @Test
    void whatWasTakenFromTheLogIsFoundAlsoAtItsEndIfTheHeadWasNoted() throws Exception {
        assertThat(host.run("verify")).isZero();
        String head = (String) json(ExitCode.OK, "audit").get("head");
        assertThat(head).startsWith("2:");
        Path log = directory.resolve("repository/audit");
        Path aside = directory.resolve("aside");

        Files.move(log.resolve("0000000001"), aside);
        assertThat((List<?>) json(ExitCode.DAMAGED, "audit").get("findings")).hasSize(1);
        Files.move(aside, log.resolve("0000000001"));

        Files.delete(log.resolve("0000000002"));
        Map<?, ?> cut = json(ExitCode.OK, "audit");
        assertThat(cut.get("open")).as("a command without an end").isEqualTo(List.of(1));
        assertThat(json(ExitCode.DAMAGED, "audit", "--expect", head).get("whole"))
                .isEqualTo(false);
        assertThat(host.run("audit", "--expect", "2")).isEqualTo(ExitCode.USAGE.number());
    }

    @Test
    void aCommandDoesNotBeginIfTheRepositoryTakesNoEntry() throws Exception {
        byte[] key = Files.readAllBytes(directory.resolve("key"));
        Files.writeString(directory.resolve("repository/audit"), "in the way");
        assertThat(host.run("key", "rotate", "--apply")).as(host.all()).isNotZero();
        assertThat(host.err())
                .contains("takes no entry, so `key rotate` was not begun")
                .contains("hint: ");
        assertThat(directory.resolve("key")).hasBinaryContent(key);
        assertThat(directory.resolve("repository/key")).doesNotExist();
    }
}
