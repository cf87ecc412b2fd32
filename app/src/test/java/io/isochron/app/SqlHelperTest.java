package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What `history` and `find` tell of changes of the schema, without and with the SQL helper, by the real commands on real PostgreSQL. */
@ResourceLock(value = TestHost.LOGS, mode = ResourceAccessMode.READ)
class SqlHelperTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @ParameterizedTest
    @ValueSource(ints = {14, 18})
    void statementsOfCommittedTransactionsAreToldBesideTheEventsAndSecretsAreNot(int major) throws Exception {
        try (TestCluster cluster = TestCluster.start(1, major)) {
            Path home = cluster.directory();
            TestShard shard = cluster.shard(0);
            TestHost host = new TestHost(home);
            Files.writeString(
                    home.resolve("isochron.yaml"),
                    "cluster: journey\nrepository: {path: repository, key-file: key}\nshards:\n  - {name: "
                            + shard.name() + ", connection: '" + shard.connectionString() + "'}\n");
            ok(host, "init", "--key-kept");
            ok(host, "check");
            assertThat(host.out()).contains("sql helper").contains("not in postgres");
            Cancellation cancellation = new Cancellation();
            Thread capture = Thread.ofPlatform()
                    .start(() -> new TestHost(home).run(cancellation, "capture", "--output", "json"));
            try {
                shard.execute("CREATE TABLE unhelped (id int)");
                awaitName(host, "public.unhelped");
                shard.execute("DROP TABLE unhelped");
                awaitThat(host, events -> of(events, "dropped").size() == 1);
                assertThat(of(events(host), "statement")).isEmpty();

                ok(host, "sql-helper");
                String install = host.out();
                shard.execute(install);
                shard.execute(install);
                ok(host, "check");
                assertThat(host.out()).contains("installed in postgres");
                changes(shard);
                awaitName(host, "public.gone");
                drops(shard);
                awaitThat(host, events -> texts(events).contains("DROP TABLE the_last"));
                told(host);
                shown(host);

                ok(host, "sql-helper", "--remove");
                shard.execute(host.out());
                assertThat(shard.query("SELECT count(*) FROM pg_event_trigger")).isEqualTo("0");
                ok(host, "check");
                assertThat(host.out()).contains("not in postgres");
            } finally {
                cancellation.request();
                capture.join();
            }
        }
    }

    private static void changes(TestShard shard) throws Exception {
        shard.execute("CREATE ROLE alice PASSWORD 'hunter0'; GRANT CREATE ON SCHEMA public TO alice");
        shard.execute("CREATE TABLE orders (id int PRIMARY KEY, note text)");
        shard.execute("BEGIN; ALTER TABLE orders ADD undone int; ROLLBACK");
        shard.execute("BEGIN; SAVEPOINT s; ALTER TABLE orders ADD undone int; ROLLBACK TO s; SAVEPOINT t;"
                + " ALTER TABLE orders ADD kept int; COMMIT");
        shard.execute("-- a comment\nCREATE TABLE two_phase (id int)");
        shard.execute("BEGIN; ALTER TABLE two_phase ADD more int; PREPARE TRANSACTION '7_ZGRs_YQ=='");
        // an ordinary role, one that may not write messages, and one that does not know the quotes of today
        shard.execute("SET ROLE alice; CREATE VIEW of_alice AS SELECT 1 AS one");
        one(shard, "SET ROLE alice", "CREATE VIEW also_of_alice AS SELECT 1 AS one");
        one(shard, "SET standard_conforming_strings = off", "COMMENT ON TABLE orders IS 'old quotes'");
        shard.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA pg_catalog FROM PUBLIC");
        one(shard, "SET ROLE alice", "CREATE VIEW unheard AS SELECT 1");
        shard.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pg_catalog TO PUBLIC");
        shard.execute("CREATE EXTENSION postgres_fdw");
        shard.execute("CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'hunter1')");
        shard.execute("CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'x', password 'hunter2')");
        shard.execute("ALTER SERVER far OPTIONS (ADD dbname 'hunter3')");
        shard.execute("CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 password=hunter4' PUBLICATION p"
                + " WITH (connect = false, slot_name = NONE)");
        shard.execute("CREATE EXTENSION dblink");
        inOneMessage(shard, "CREATE TABLE hidden (id int); ALTER ROLE alice PASSWORD 'hunter5'");
        inOneMessage(shard, "SELECT 'hunter6'; CREATE TABLE beside (id int)");
        inOneMessage(shard, "CREATE TABLE first_of (id int); CREATE TABLE second_of (id int)");
        shard.execute("DO $$ BEGIN EXECUTE 'CREATE TABLE inside (id int)'; PERFORM 'hunter7'; END $$");
        shard.execute("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$");
        shard.execute("CREATE TEMP TABLE passing (id int)");
        shard.execute("CREATE VIEW wide AS SELECT '" + "w".repeat(20_000) + "' AS w");
        shard.execute("CREATE TABLE gone (id int)");
        shard.execute("CREATE VIEW on_gone AS SELECT * FROM gone");
        shard.execute("INSERT INTO gone SELECT generate_series(1, 50)");
        shard.execute("CREATE INDEX CONCURRENTLY by_note ON orders (note)");
        shard.execute("COMMIT PREPARED '7_ZGRs_YQ=='");
    }

    /** As psql -c sends it; JDBC would send each statement by itself. */
    private static void inOneMessage(TestShard shard, String sql) throws Exception {
        shard.execute("SELECT dblink_exec('host=' || current_setting('unix_socket_directories') || ' port=' ||"
                + " current_setting('port') || ' dbname=postgres user=postgres', $batch$" + sql + "$batch$)");
    }

    private static void drops(TestShard shard) throws Exception {
        shard.execute("DROP TABLE gone CASCADE");
        shard.execute("CREATE TABLE the_last (id int)");
        shard.execute("DROP TABLE the_last");
    }

    private static void one(TestShard shard, String first, String then) throws Exception {
        try (Connection connection = shard.superuser("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(first);
            statement.execute(then);
        }
    }

    private static void told(TestHost host) {
        List<Map<?, ?>> events = events(host);
        assertThat(texts(events))
                .contains(
                        "CREATE TABLE orders (id int PRIMARY KEY, note text)",
                        "-- a comment\nCREATE TABLE two_phase (id int)",
                        " ALTER TABLE two_phase ADD more int",
                        "CREATE TABLE first_of (id int); CREATE TABLE second_of (id int)",
                        "CREATE VIEW also_of_alice AS SELECT 1 AS one",
                        "COMMENT ON TABLE orders IS 'old quotes'",
                        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$",
                        "CREATE INDEX CONCURRENTLY by_note ON orders (note)",
                        "DROP TABLE gone CASCADE")
                .doesNotContain("CREATE VIEW unheard AS SELECT 1", "CREATE TEMP TABLE passing (id int)");
        assertThat(host.out()).doesNotContain("hunter").doesNotContain("passing");
        assertThat(texts(events).stream().filter(text -> text.contains("ADD kept")))
                .hasSize(1);
        assertThat(texts(events).stream().filter(text -> text.contains("undone")))
                .isEmpty();
        for (String tag : List.of("CREATE SERVER", "ALTER SERVER", "CREATE USER MAPPING", "CREATE SUBSCRIPTION")) {
            Map<?, ?> statement = statements(events).stream()
                    .filter(one -> one.get("tag").equals(tag))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(tag + " in " + host.all()));
            assertThat(statement.get("form")).as(tag).isEqualTo("withheld");
            assertThat(statement.get("text")).as(tag).isNull();
        }
        for (String table : List.of("hidden", "beside", "inside")) {
            assertThat(naming(events, "table public." + table).get("form"))
                    .as(table)
                    .isEqualTo("withheld");
        }
        Map<?, ?> wide = naming(events, "view public.wide");
        assertThat(wide.get("form")).isEqualTo("cut");
        assertThat((String) wide.get("text")).hasSize(8000);
        assertThat(naming(events, "view public.also_of_alice").get("user")).isEqualTo("postgres as alice");
        assertThat((List<?>) naming(events, "table public.gone", "DROP TABLE").get("objects"))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(Object.class))
                .containsExactly("table public.gone", "view public.on_gone");
        // the text goes with the transaction of the event that the WAL shows by itself
        Map<?, ?> dropped = of(events, "dropped").stream()
                .filter(event -> "table public.gone dropped".equals(event.get("what")))
                .findFirst()
                .orElseThrow(() -> new AssertionError(host.all()));
        assertThat(of(events, "statement"))
                .anySatisfy(event -> assertThat((Object) event.get("xid")).isEqualTo(dropped.get("xid")));
    }

    private static void shown(TestHost host) {
        ok(host, "history", "--since", "30m", "--kind", "dropped");
        assertThat(host.out())
                .contains("DROP TABLE gone CASCADE  -- by postgres")
                .doesNotContain("CREATE TABLE");
        ok(host, "history", "--since", "30m", "--kind", "statement", "--table", "orders", "--output", "csv");
        assertThat(host.out())
                .contains("\nstatement,")
                .contains("\"CREATE TABLE orders (id int PRIMARY KEY, note text)\"")
                .doesNotContain("two_phase");
        ok(host, "find", "--since", "30m", "--kind", "dropped");
        assertThat(host.out()).contains(": DROP TABLE gone CASCADE  -- by postgres");
        ok(host, "find", "--since", "30m", "--kind", "dropped", "--output", "json");
        assertThat(host.out()).contains("\"text\" : \"DROP TABLE gone CASCADE\"");
        assertThat(host.run("sql-helper", "--output", "json")).isZero();
        assertThat((String) ((Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8))).get("sql"))
                .contains("create event trigger");
    }

    private static Map<?, ?> naming(List<Map<?, ?>> events, String object, String... tag) {
        return statements(events).stream()
                .filter(one -> ((List<?>) one.get("objects")).contains(object))
                .filter(one -> tag.length == 0 || one.get("tag").equals(tag[0]))
                .findFirst()
                .orElseThrow(() -> new AssertionError(object + " in " + events));
    }

    private static List<Map<?, ?>> of(List<Map<?, ?>> events, String kind) {
        return events.stream().filter(event -> event.get("kind").equals(kind)).collect(Collectors.toList());
    }

    private static List<Map<?, ?>> statements(List<Map<?, ?>> events) {
        List<Map<?, ?>> statements = new ArrayList<>();
        of(events, "statement").forEach(event -> statements.add((Map<?, ?>) event.get("statement")));
        return statements;
    }

    private static List<String> texts(List<Map<?, ?>> events) {
        return statements(events).stream()
                .map(one -> String.valueOf(one.get("text")))
                .toList();
    }

    /** Names are read from the catalogs some time after the WAL shows a table; what goes before that has none. */
    private static void awaitName(TestHost host, String table) {
        awaitThat(host, events -> of(events, "created").stream().anyMatch(event -> table.equals(event.get("table"))));
    }

    private static void awaitThat(TestHost host, java.util.function.Predicate<List<Map<?, ?>>> condition) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(500)).until(() -> condition.test(events(host)));
    }

    private static List<Map<?, ?>> events(TestHost host) {
        ok(host, "history", "--since", "30m", "--output", "json");
        List<Map<?, ?>> events = new ArrayList<>();
        Map<?, ?> history = (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
        ((List<?>) history.get("events")).forEach(event -> events.add((Map<?, ?>) event));
        return events;
    }

    private static void ok(TestHost host, String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }
}
