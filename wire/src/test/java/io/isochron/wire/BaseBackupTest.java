package io.isochron.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.isochron.instance.PostgresInstance;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(ints = {14, 18})
final class BaseBackupTest {
    private static TestCluster cluster;
    private static String tablespaceOid;
    private final int major;

    BaseBackupTest(int major) {
        this.major = major;
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) throws Exception {
        cluster = TestCluster.start(1, major);
        Path location = Files.createDirectory(cluster.directory().resolve("space"));
        cluster.runAs().own(location);
        shard().execute("create tablespace elsewhere location '" + location + "'");
        shard().execute("create table here as select generate_series(1, 20000) i");
        shard().execute("create table there tablespace elsewhere as select generate_series(1, 30000) i");
        tablespaceOid = shard().query("select oid from pg_tablespace where spcname = 'elsewhere'");
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        cluster.close();
    }

    private static TestShard shard() {
        return cluster.shard(0);
    }

    private static ReplicationConnection open() throws IOException {
        return ReplicationConnection.open(ConnectionSettings.parse(shard().connectionString(), Map.of()));
    }

    @Test
    void aBackupAgreesWithItsManifestAndStarts() throws Exception {
        List<Long> progress = new ArrayList<>();
        RestoredBackup backup;
        try (ReplicationConnection connection = open()) {
            backup = RestoredBackup.take(
                    connection,
                    cluster.directory().resolve("restored"),
                    BaseBackupRequest.of("it's a test").withProgress(progress::add));
            assertThat(connection.identifySystem().timeline()).isEqualTo(1); // the connection is ready for more
        }
        assertThat(backup.archives()).containsExactly(tablespaceOid + ".tar", "base.tar");
        assertThat(backup.end()).isGreaterThan(backup.start());
        assertThat(progress)
                .isSorted()
                .last()
                .satisfies(bytes -> assertThat(bytes).isGreaterThan(10_000_000L));
        assertThat(backup.verify()).isGreaterThan(500);
        assertThat(Files.readString(backup.data().resolve("backup_label"))).contains("LABEL: it's a test");

        Path wal = backup.data().resolve("pg_wal");
        try (var files = Files.list(shard().dataDirectory().resolve("pg_wal"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, wal.resolve(file.getFileName()));
            }
        }
        try (PostgresInstance instance = backup.instance(major, cluster.runAs())) {
            instance.start(Map.of());
            try (Connection connection = instance.jdbc("postgres");
                    var result = connection
                            .createStatement()
                            .executeQuery("select (select count(*) from here), (select count(*) from there)")) {
                assertThat(result.next()).isTrue();
                assertThat(result.getInt(1)).isEqualTo(20_000);
                assertThat(result.getInt(2)).isEqualTo(30_000);
            }
        }
    }

    @Test
    void partsThatAreNotReadAreSkipped() throws Exception {
        try (ReplicationConnection connection = open();
                BaseBackup backup = connection.baseBackup(BaseBackupRequest.of("skipped"))) {
            assertThat(backup.timeline()).isEqualTo(1);
            assertThat(backup.tablespaces())
                    .extracting(BaseBackup.Tablespace::oid)
                    .containsExactlyInAnyOrder(Long.parseLong(tablespaceOid), 0L);
            List<Class<?>> parts = new ArrayList<>();
            BaseBackup.Part part;
            do {
                part = backup.next();
                parts.add(part.getClass());
            } while (!(part instanceof BaseBackup.End));
            assertThat(parts)
                    .containsExactly(
                            BaseBackup.Archive.class,
                            BaseBackup.Archive.class,
                            BaseBackup.Manifest.class,
                            BaseBackup.End.class);
            assertThat(backup.next()).isEqualTo(part);
        }
    }

    @Test
    void aBackupThatIsGivenUpLeavesTheServerWell() throws Exception {
        ReplicationConnection connection = open();
        BaseBackup backup =
                connection.baseBackup(BaseBackupRequest.of("given up").withMaxRate(64));
        assertThat(backup.next()).isInstanceOf(BaseBackup.Archive.class);
        connection.close();
        try (ReplicationConnection another = open();
                BaseBackup whole = another.baseBackup(BaseBackupRequest.of("whole"))) {
            BaseBackup.Part part;
            do {
                part = whole.next();
            } while (!(part instanceof BaseBackup.End));
            assertThat(((BaseBackup.End) part).endLsn()).isGreaterThan(whole.startLsn());
        }
    }

    @Test
    void aServerThatEndsInTheMiddleIsAnErrorAndNotAnEnd() throws Exception {
        try (ReplicationConnection connection = open();
                BaseBackup backup =
                        connection.baseBackup(BaseBackupRequest.of("cut").withMaxRate(64))) {
            BaseBackup.Archive archive = (BaseBackup.Archive) backup.next();
            assertThat(archive.tar().readNBytes(1000)).hasSize(1000);
            shard().query("select pg_terminate_backend(pid) from pg_stat_replication where state = 'backup'");
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> archive.tar().readAllBytes())
                    .withMessageContaining("127.0.0.1:" + shard().port());
        }
    }

    @Test
    void aRateOutsideOfPostgresqlsRangeIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BaseBackupRequest.of("x").withMaxRate(31))
                .withMessageContaining("32 to 1048576");
    }
}
