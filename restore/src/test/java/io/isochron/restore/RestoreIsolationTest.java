package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Target;
import io.isochron.testkit.TestShard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;

class RestoreIsolationTest {

    /** The canary: a transaction prepared on the original, which anything that took the copy for the original would decide. */
    private static final String CANARY = "1_Y2FuYXJ5_YQ==";

    @Test
    void theCopyRunsBesideTheOriginalWithoutTouchingIt() throws Exception {
        try (RestoreFixture fixture = RestoreFixture.start(1, 17)) {
            TestShard original = fixture.cluster.shard(0);
            Path archived = fixture.cluster.directory().resolve("archived");
            original.set("archive_command", "touch " + archived);
            original.set(
                    "primary_conninfo",
                    "host=127.0.0.1 port=" + original.port() + " user=isochron passfile=" + original.passwordFile());
            original.set("restore_command", "touch " + archived);
            original.execute("create table account (id int primary key, balance bigint not null)");
            original.execute("insert into account select n, 100 from generate_series(1, 100) n");
            original.execute(
                    "begin; update account set balance = 0 where id = 7; prepare transaction '" + CANARY + "'");
            fixture.backup();
            original.execute("update account set balance = 50 where id = 8");
            var moment = fixture.moment();
            original.execute("update account set balance = 1 where id = 9");
            // too long for a socket's address: the sockets must find another place, and leave none behind
            Path target = fixture.newTarget().resolveSibling("restored1-" + "long".repeat(20));
            RestorePlan plan = fixture.plan(new Target.Time(moment));
            assertThat(plan.shards().getFirst().decisions())
                    .extracting(PlannedDecision::gid)
                    .containsExactly(CANARY);
            RestoreReport report = fixture.restore(
                    plan,
                    target,
                    fixture.options()
                            .withInvariants(
                                    "postgres",
                                    List.of(
                                            Invariant.sum("balances", "select sum(balance) from account", "9950"),
                                            Invariant.matched("ids", "select id from account", 1),
                                            Invariant.empty("debts", "select id from account where balance < 0"))));
            assertThat(report.proofs().held()).as("%s", report.proofs()).isTrue();
            assertThat(original.query("select gid from pg_prepared_xacts")).isEqualTo(CANARY);
            assertThat(original.query(
                            "select count(*) from pg_stat_activity where application_name like 'isochron_restore%'"))
                    .isEqualTo("0");
            assertThat(archived).doesNotExist();
            try (RestoredCluster copy = RestoredCluster.open(target, fixture.options())) {
                assertThat(copy.connectionString("shard1", "postgres")).contains("host=/tmp/isochron-");
                try (Connection connection = copy.connection("shard1", "postgres");
                        Statement statement = connection.createStatement()) {
                    assertThat(one(statement, "select count(*) from pg_prepared_xacts"))
                            .isEqualTo("0");
                    assertThat(one(statement, "select balance from account where id = 7"))
                            .isEqualTo("100");
                    assertThat(one(statement, "select balance from account where id = 8"))
                            .isEqualTo("50");
                    assertThat(one(statement, "select balance from account where id = 9"))
                            .isEqualTo("100");
                    for (String off : List.of("archive_mode", "ssl", "hot_standby_feedback")) {
                        assertThat(one(statement, "show " + off)).as(off).isEqualTo("off");
                    }
                    for (String empty : List.of(
                            "listen_addresses", "primary_conninfo", "restore_command", "shared_preload_libraries")) {
                        assertThat(one(statement, "show " + empty)).as(empty).isEmpty();
                    }
                    assertThatThrownBy(() -> statement.execute("delete from account"))
                            .isInstanceOf(SQLException.class)
                            .hasMessageContaining("read-only");
                }
                Path data = new ShardPaths(target, "shard1").data();
                assertThat(Files.readAllBytes(data.resolve("postgresql.conf")))
                        .isEqualTo(Files.readAllBytes(original.dataDirectory().resolve("postgresql.conf")));
                assertThat(Files.readAllBytes(data.resolve("pg_hba.conf")))
                        .isEqualTo(Files.readAllBytes(original.dataDirectory().resolve("pg_hba.conf")));
                assertThat(Files.readString(data.resolve("postgresql.auto.conf")))
                        .contains("#archive_command");
                copy.release();
                assertThat(copy.phase()).isEqualTo(RestorePhase.RELEASED);
                copy.stop();
                copy.start();
                try (Connection connection = copy.connection("shard1", "postgres");
                        Statement statement = connection.createStatement()) {
                    statement.execute("delete from account");
                    assertThat(one(statement, "show listen_addresses")).isEmpty();
                }
            }
            String socket =
                    RestoreJournal.load(target).orElseThrow().shard("shard1").socketDirectory();
            assertThat(Path.of(socket)).doesNotExist();
            assertThat(original.query("select gid from pg_prepared_xacts")).isEqualTo(CANARY);
            original.execute("commit prepared '" + CANARY + "'");
            assertThat(original.query("select count(*) from account where balance = 0"))
                    .isEqualTo("1");
        }
    }

    private static String one(Statement statement, String sql) throws SQLException {
        try (var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
