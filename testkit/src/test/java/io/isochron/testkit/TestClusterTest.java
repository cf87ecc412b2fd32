package io.isochron.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestClusterTest {
    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void shardsAreSystemsOfTheirOwnAndAcceptPasswordsByTcp(int major) throws Exception {
        Path directory;
        long pid;
        try (TestCluster cluster = TestCluster.start(2, major)) {
            directory = cluster.directory();
            pid = cluster.shard(0).instance().pid().orElseThrow();
            String first = cluster.shard(0).query("select system_identifier from pg_control_system()");
            String second = cluster.shard(1).query("select system_identifier from pg_control_system()");
            assertThat(first).isNotEqualTo(second);
            TestShard shard = cluster.shard(1);
            try (var connection = DriverManager.getConnection(
                    "jdbc:postgresql://127.0.0.1:" + shard.port() + "/postgres",
                    TestShard.ISOCHRON,
                    shard.password())) {
                assertThat(connection.isValid(5)).isTrue();
            }
            shard.execute("create table t (a int)");
            shard.kill();
            assertThat(shard.instance().isRunning()).isFalse();
            shard.start();
            assertThat(shard.query("select count(*) from t")).isEqualTo("0");
        }
        assertThat(Files.exists(directory)).isFalse();
        assertThat(ProcessHandle.of(pid)).isEmpty();
    }

    @Test
    void withTlsPlainConnectionsAreRefusedAndTheCertificateVerifies() throws Exception {
        try (TestCluster cluster =
                TestCluster.start(1, 18, ClusterOptions.defaults().withTls())) {
            TestShard shard = cluster.shard(0);
            String url = "jdbc:postgresql://127.0.0.1:" + shard.port() + "/postgres?user=" + TestShard.ISOCHRON
                    + "&password=" + shard.password();
            assertThatThrownBy(() -> DriverManager.getConnection(url + "&sslmode=disable"))
                    .hasMessageContaining("no encryption");
            try (var connection = DriverManager.getConnection(
                            url + "&sslmode=verify-full&sslrootcert=" + shard.certificate());
                    var statement = connection.createStatement();
                    var result = statement.executeQuery("select ssl from pg_stat_ssl where pid = pg_backend_pid()")) {
                result.next();
                assertThat(result.getBoolean(1)).isTrue();
            }
        }
    }
}
