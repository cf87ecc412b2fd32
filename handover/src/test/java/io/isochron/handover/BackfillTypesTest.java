package io.isochron.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.handover.BackfillReport.ShardResult;
import io.isochron.testkit.TestCluster;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BackfillTypesTest {
    private static TestCluster cluster;
    private static Pairs pairs;

    @BeforeAll
    static void start() throws Exception {
        cluster = TestCluster.start(1, 17);
        List<String> setup = new ArrayList<>(List.of(
                "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
                "CREATE TYPE pair AS (a int, b text)",
                "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
                """
                CREATE TABLE t (a int, b text COLLATE "C", f4 float4, f8 float8, n numeric(12,3), m money, bo bool,
                  c char(5), one "char", na name, ba bytea, ts timestamp, tz timestamptz, d date, ti time, tt timetz,
                  iv interval, en mood, pa pair, po positive, ip inet, ci cidr, ma macaddr, bi bit(4), vb varbit,
                  js json, jb jsonb, xm xml, ia int[], ta text[], aa text[][], rg int4range, mr int8multirange,
                  tv tsvector, tq tsquery, u uuid, pt point, bx box, oi oid, rc regclass, big text, PRIMARY KEY (b, a))""",
                "ALTER TABLE t ALTER big SET STORAGE EXTERNAL",
                """
                INSERT INTO t SELECT n, 'k' || n % 7, n / 3.0, pi() * n, n * 1.005, n * 1.1, n % 2 = 0, 'ab', '\\351',
                  'x' || n, decode(md5(n::text), 'hex'), timestamp '2026-03-29 02:30' + n * interval '1 s',
                  timestamptz '2026-10-25 02:30+02' + n * interval '1 h', date '0001-01-01 BC' + n, time '23:59:59.999999',
                  timetz '12:00+05:30', n * interval '1 month -1 day 0.5 s', 'ok', ROW(n, E'q"uo,\\\\te'::text)::pair, n, '10.1.2.3/8',
                  '10.0.0.0/8', '08:00:2b:01:02:03', B'1010', B'101', '{"a" : 1, "a": 2}', '{"b": [1, null, "x"]}',
                  '<a>x</a>', ARRAY[1, NULL, 3], ARRAY['', 'NULL', 'a"b', E'\\\\'], ARRAY[['a','b'],['c','d']],
                  int4range(1, n + 1), int8multirange(int8range(1, 3), int8range(5, 9)), 'a:1A cat:2', 'a & !b',
                  md5(n::text)::uuid, point(0.1, n), box(point(0, 0), point(n, 1)), n, 'pg_class'::regclass,
                  repeat(md5(n::text), 2000)
                FROM generate_series(1, 60) n""",
                "INSERT INTO t (a, b) VALUES (1000, '')",
                """
                CREATE TABLE ids (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int,
                  twice int GENERATED ALWAYS AS (v * 2) STORED, s serial, made timestamptz DEFAULT now())""",
                "INSERT INTO ids (v) SELECT n FROM generate_series(1, 20) n",
                "CREATE SCHEMA \"My Schema\"",
                "CREATE TABLE \"My Schema\".\"Ord\"\"ers.\" (\"Id?\" int, \"select\" text, PRIMARY KEY (\"Id?\")) PARTITION BY RANGE (\"Id?\")",
                "CREATE TABLE \"My Schema\".\"P 1\" PARTITION OF \"My Schema\".\"Ord\"\"ers.\" FOR VALUES FROM (0) TO (50)",
                "CREATE TABLE \"My Schema\".p2 (\"select\" text, \"Id?\" int NOT NULL)",
                "ALTER TABLE \"My Schema\".\"Ord\"\"ers.\" ATTACH PARTITION \"My Schema\".p2 FOR VALUES FROM (50) TO (100)",
                "INSERT INTO \"My Schema\".\"Ord\"\"ers.\" SELECT n, 'x' || n FROM generate_series(0, 99) n"));
        for (int i = 0; i < KEYS.length; i++) {
            String[] key = KEYS[i].split("; ", 2);
            setup.add("CREATE TABLE keys" + i + " (k " + key[0] + " PRIMARY KEY, v int)");
            setup.add("INSERT INTO keys" + i + " SELECT (" + key[1] + ")::" + key[0]
                    + ", n FROM generate_series(1, 1000) n");
        }
        pairs = new Pairs(cluster, setup.toArray(String[]::new));
    }

    @AfterAll
    static void stop() throws IOException {
        cluster.close();
    }

    /** Key type and an expression that makes 1000 values of it from n. */
    private static final String[] KEYS = {
        "bigint; (n - 500) * 1000003",
        "numeric; CASE n WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' WHEN 4 THEN '0.000' WHEN 5 THEN '1e130' ELSE (n - 500.5) / 7.0 END",
        "text; CASE n % 6 WHEN 0 THEN 'Zebra' WHEN 1 THEN 'ähre' WHEN 2 THEN '-a b' WHEN 3 THEN U&'\\+01F600' WHEN 4 THEN U&'\\FFFD' ELSE 'zebra' END || n",
        "varchar(20); chr(65 + n % 26) || '_' || n",
        "char(8); md5(n::text)",
        "uuid; md5(n::text)::uuid",
        "timestamptz; CASE n WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' WHEN 3 THEN '0044-03-15 12:00:00+00 BC' WHEN 4 THEN '12026-01-01 00:00:00.000001+00' ELSE timestamptz '2026-01-01 00:00+00' + n * interval '17.000001 s' END",
        "timestamp; timestamp '1999-12-31 23:59:59.999999' + n * interval '1 day'",
        "date; date '2026-01-01' - n",
        "bytea; decode(md5(n::text), 'hex')",
        "inet; inet '10.0.0.0' + n",
        "double precision; (n - 500) / 3.0",
        "interval; n * interval '1 hour 1 day'",
        "int[]; ARRAY[n % 10, n]"
    };

    @Test
    void keysOfEveryTypeAreMergedInOneOrder() throws Exception {
        for (int i = 0; i < KEYS.length; i++) {
            String table = "keys" + i;
            pairs.onLive(
                    "DELETE FROM " + table + " WHERE v % 3 = 0", "UPDATE " + table + " SET v = -v WHERE v % 10 = 1");
            BackfillReport report = pairs.apply(table, BackfillOptions.dryRun());
            ShardResult result = report.shards().getFirst();
            assertThat(result.missing()).as(KEYS[i]).isEqualTo(333);
            assertThat(result.inserted()).as(KEYS[i]).isEqualTo(333);
            assertThat(result.conflicts()).as(KEYS[i]).isEqualTo(67);
            assertThat(result.onlyLive()).as(KEYS[i]).isZero();
            assertThat(pairs.live(0, Pairs.contents("(SELECT k, abs(v) FROM " + table + ")")))
                    .as(KEYS[i])
                    .isEqualTo(pairs.restored(0, Pairs.contents("(SELECT k, v FROM " + table + ")")));
        }
    }

    @Test
    void valuesOfManyTypesComeBackExactly() throws Exception {
        String before = pairs.restored(0, Pairs.contents("t"));
        pairs.onLive("DELETE FROM t");
        BackfillReport report = pairs.apply("t", BackfillOptions.dryRun());
        assertThat(report.total(ShardResult::inserted)).isEqualTo(61);
        assertThat(pairs.live(0, Pairs.contents("t"))).isEqualTo(before);
        BackfillReport again = pairs.apply("t", BackfillOptions.dryRun());
        assertThat(again.total(ShardResult::missing)).isZero();
        assertThat(again.total(ShardResult::differing)).isZero();
    }

    @Test
    void generatedAndIdentityColumnsAndDefaultsAreRight() throws Exception {
        String before = pairs.restored(0, Pairs.contents("ids"));
        pairs.onLive("DELETE FROM ids WHERE v > 5");
        assertThat(pairs.apply("ids", BackfillOptions.dryRun()).total(ShardResult::inserted))
                .isEqualTo(15);
        assertThat(pairs.live(0, Pairs.contents("ids"))).isEqualTo(before);
        pairs.onLive("INSERT INTO ids (v) VALUES (1)");
        assertThat(pairs.live(0, "SELECT max(id) FROM ids")).isEqualTo("21");
    }

    @Test
    void namesThatNeedQuotesAndPartitionsWork() throws Exception {
        String table = "\"My Schema\".\"Ord\"\"ers.\"";
        pairs.onLive("DELETE FROM " + table + " WHERE \"Id?\" % 2 = 0");
        BackfillReport report = pairs.apply(table, BackfillOptions.dryRun());
        assertThat(report.total(ShardResult::inserted)).isEqualTo(50);
        assertThat(pairs.live(0, Pairs.contents(table))).isEqualTo(pairs.restored(0, Pairs.contents(table)));
        assertThat(pairs.live(0, "SELECT count(*) FROM \"My Schema\".p2")).isEqualTo("50");
    }
}
