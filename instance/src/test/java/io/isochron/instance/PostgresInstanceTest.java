package io.isochron.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.instance.PostgresInstance.InitOptions;
import io.isochron.instance.PostgresInstance.Readiness;
import io.isochron.instance.PostgresInstance.State;
import io.isochron.instance.PostgresInstance.StopMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PostgresInstanceTest {
    private static final Map<String, String> SMALL = Map.of("fsync", "off", "shared_buffers", "16MB");

    private static Path template;

    private Path directory;
    private PostgresInstance instance;

    @BeforeEach
    void makeInstance() throws Exception {
        directory = TempDirs.create("icins-", RunAs.current());
        instance = instance(17, "data");
        Processes.run(List.of("cp", "-a", template.resolve("data").toString(), directory.toString()));
    }

    @BeforeAll
    static void makeTemplate() throws Exception {
        template = TempDirs.create("icins-", RunAs.current());
        PostgresInstance.builder(EmbeddedBinaries.installation(17), template.resolve("data"), template)
                .build()
                .initdb(InitOptions.defaults());
    }

    @AfterAll
    static void removeTemplate() throws Exception {
        TempDirs.delete(template);
    }

    @AfterEach
    void removeInstance() throws Exception {
        instance.close();
        TempDirs.delete(directory);
    }

    private PostgresInstance instance(int major, String name) throws Exception {
        return PostgresInstance.builder(EmbeddedBinaries.installation(major), directory.resolve(name), directory)
                .endsWithJvm(true)
                .build();
    }

    @Test
    void aServerRunsUnprivilegedWithChecksumsAndUtf8AndStopsInEveryMode() throws Exception {
        for (StopMode mode : StopMode.values()) {
            instance.start(SMALL);
            assertThat(instance.state()).isEqualTo(State.RUNNING);
            long pid = instance.pid().orElseThrow();
            assertThat(Files.getAttribute(Path.of("/proc/" + pid), "unix:uid")).isNotEqualTo(0);
            assertThat(query("show data_checksums")).isEqualTo("on");
            assertThat(query("show server_encoding")).isEqualTo("UTF8");
            assertThat(query("show listen_addresses")).isEmpty();
            instance.stop(mode);
            assertThat(instance.state()).isEqualTo(State.STOPPED);
            assertThat(ProcessHandle.of(pid)).isEmpty();
        }
    }

    @Test
    void aKilledServerLeavesNoProcessAndStartsAgain() throws Exception {
        instance.start(SMALL);
        var processes = ProcessHandle.of(instance.pid().orElseThrow())
                .orElseThrow()
                .descendants()
                .toList();
        assertThat(processes).isNotEmpty();
        instance.kill();
        assertThat(processes).noneMatch(ProcessHandle::isAlive);
        assertThat(directory.resolve("data/postmaster.pid")).exists();
        instance.start(SMALL);
        assertThat(query("select 1")).isEqualTo("1");
    }

    @Test
    void anInterruptedThreadKillsAllTheSameAndStaysInterrupted() throws Exception {
        instance.start(SMALL);
        long pid = instance.pid().orElseThrow();

        Thread.currentThread().interrupt();
        instance.kill();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false))
                .isFalse();
        assertThat(instance.state()).isEqualTo(State.STOPPED);
    }

    @Test
    void aServerKilledWhileItMadeItsLockFilesStartsAgain() throws Exception {
        instance.start(SMALL);
        Path lock = instance.socketFile().resolveSibling(instance.socketFile().getFileName() + ".lock");
        Files.write(lock, new byte[0]);

        instance.kill();
        instance.start(SMALL);

        assertThat(instance.isRunning()).isTrue();
    }

    @Test
    void aServerThatCannotStartSaysWhyInItsOwnWords() {
        assertThatThrownBy(() -> instance.start(Map.of("shared_buffers", "nonsense")))
                .isInstanceOf(PostgresInstanceException.class)
                .hasMessageContaining("ended while it was starting")
                .hasMessageContaining("invalid value for parameter \"shared_buffers\": \"nonsense\"");
        assertThat(instance.state()).isEqualTo(State.STOPPED);
    }

    @Test
    void aServerThatIsNotReadyInTimeIsEnded() throws Exception {
        Files.createFile(directory.resolve("data/standby.signal"));
        RunAs.current().own(directory.resolve("data/standby.signal"));
        assertThatThrownBy(
                        () -> instance.start(Map.of("hot_standby", "off"), Readiness.QUERIES, Duration.ofMillis(700)))
                .isInstanceOf(PostgresInstanceException.class)
                .hasMessageContaining("was not ready within 700 ms");
        assertThat(instance.isRunning()).isFalse();
        instance.start(Map.of("hot_standby", "off"), Readiness.ANSWERS, Duration.ofSeconds(120));
        assertThat(instance.isRunning()).isTrue();
    }

    @Test
    void aStandbyIsPromotedAndTakesWrites() throws Exception {
        Files.createFile(directory.resolve("data/standby.signal"));
        RunAs.current().own(directory.resolve("data/standby.signal"));
        instance.start(SMALL);
        assertThat(query("select pg_is_in_recovery()")).isEqualTo("t");
        instance.promote(Duration.ofSeconds(120));
        assertThat(query("select pg_is_in_recovery()")).isEqualTo("f");
        assertThatThrownBy(() -> instance.promote(Duration.ofSeconds(5))).hasMessageContaining("cannot be promoted");
    }

    @Test
    void aRunningServerIsAttachedToAndASecondStartIsRefused() throws Exception {
        PostgresInstance other = instance(17, "data");
        assertThat(other.attach()).isFalse();
        instance.start(SMALL);
        assertThatThrownBy(() -> other.start(SMALL)).hasMessageContaining("is in use by the running process");
        assertThat(other.attach()).isTrue();
        assertThat(other.pid()).isEqualTo(instance.pid());
        other.stop(StopMode.FAST);
        assertThat(instance.isRunning()).isFalse();
        assertThat(instance.state()).isEqualTo(State.STOPPED);
    }

    @Test
    void aLockFileOfAnotherProgramIsNotTakenForAServer() throws Exception {
        Files.writeString(
                directory.resolve("data/postmaster.pid"),
                ProcessHandle.current().pid() + "\n");
        assertThat(instance.attach()).isFalse();
    }

    @Test
    void aSocketPathThatIsTooLongIsRefusedBeforeAnythingStarts() {
        assertThatThrownBy(() -> PostgresInstance.builder(
                                EmbeddedBinaries.installation(17),
                                directory.resolve("data"),
                                directory.resolve("x".repeat(100)))
                        .build())
                .hasMessageContaining("at most 107 are possible");
    }

    private String query(String sql) throws Exception {
        try (Connection connection = instance.jdbc("postgres");
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }
}
