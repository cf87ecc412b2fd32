package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import io.isochron.wal.WalFileName;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Segments made of what a real server wrote: row counts, two-phase records, truncation, rewrite, and any place to cut or restart. */
class SegmentBuilderOnPostgresTest {
    static final int WAL_SEGMENT_BYTES = 16 << 20;
    private static final List<String> TABLES = List.of("plain", "truncated", "rewritten", "aborted");

    private record Counted(long rows, RelationFile file) {}

    private record Observation(Lsn at, Map<String, Counted> tables) {}

    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void rowsExpectedFromWalAreTheRowsThatAreThere(int major) throws Exception {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println("segment builder: -Disochron.seed=" + seed);
        try (TestCluster cluster =
                TestCluster.start(1, major, ClusterOptions.defaults().keepingWal())) {
            TestShard shard = cluster.shards().getFirst();
            for (String table : TABLES) {
                shard.execute("create table " + table + " (id int primary key, filler text)");
                shard.execute("insert into " + table + " select g, 'x' from generate_series(1, 100) g");
            }
            shard.execute("checkpoint");
            Lsn begin = Lsn.parse(shard.query("select pg_current_wal_insert_lsn()"));
            Observation before = observe(shard);
            workload(shard);
            Observation after = observe(shard);
            shard.execute("checkpoint");
            Lsn flushed = Lsn.parse(shard.query("select pg_current_wal_flush_lsn()"));

            Lsn start = WalFileName.holding(1, begin, WAL_SEGMENT_BYTES).start();
            byte[] wal = read(shard.dataDirectory().resolve("pg_wal"), start, flushed);
            List<Segment> segments = build(major, start, wal, new SplittableRandom(seed), true);
            List<Segment> whole = build(major, start, wal, new SplittableRandom(seed), false);

            assertThat(segments.stream().flatMap(s -> s.events().stream()).toList())
                    .isEqualTo(whole.getFirst().events());
            assertThat(sum(segments)).isEqualTo(sum(whole));
            assertThat(segments.getLast().openPrepared())
                    .extracting(OpenPrepared::gid)
                    .containsExactly("1_b3Blbg==_MQ==");
            assertThat(whole.getFirst().events())
                    .filteredOn(e -> e.kind() == Event.Kind.COMMIT_PREPARED)
                    .extracting(Event::gid)
                    .containsExactly("1_ZG9uZQ==_MQ==");

            ClusterHistory history = ClusterHistory.of(List.of("s"), segments);
            for (String table : TABLES) {
                Counted from = before.tables.get(table);
                Counted to = after.tables.get(table);
                assertThat(RowExpectation.of(
                                history, "s", before.at, from.rows, from.file, after.at, to.file, List.of()))
                        .as(table)
                        .isEqualTo(new RowExpectation.Rows(to.rows));
            }
            Incident worst = new IncidentFinder(history, Dialect.xa()).find(1).getFirst();
            assertThat(worst.effects())
                    .anySatisfy(effect -> assertThat(effect.file()).isEqualTo(before.tables.get("plain").file));
            assertThat(worst.rowsDeleted()).isEqualTo(1500);
        }
    }

    private static void workload(TestShard shard) throws Exception {
        shard.execute("insert into plain select g, 'y' from generate_series(101, 3000) g");
        shard.execute(
                "begin; delete from plain where id <= 1000; savepoint s; delete from plain where id <= 1500; commit");
        shard.execute(
                "begin; savepoint s; insert into plain values (9001); rollback to s; insert into plain values (9002); commit");
        shard.execute("begin; truncate truncated; insert into truncated select g from generate_series(1, 7) g; commit");
        shard.execute("insert into truncated values (8)");
        shard.execute("insert into rewritten select g from generate_series(101, 140) g");
        shard.execute("alter table rewritten alter column id type bigint");
        shard.execute("delete from rewritten where id < 4");
        shard.execute("begin; insert into aborted select g from generate_series(101, 400) g; rollback");
        shard.execute("insert into aborted values (1), (500) on conflict do nothing");
        shard.execute("begin; insert into plain values (9003); prepare transaction '1_ZG9uZQ==_MQ=='");
        shard.execute("commit prepared '1_ZG9uZQ==_MQ=='");
        shard.execute("begin; insert into plain values (9004); prepare transaction '1_b3Blbg==_MQ=='");
    }

    private static Observation observe(TestShard shard) throws Exception {
        Map<String, Counted> tables = new HashMap<>();
        for (String table : TABLES) {
            int file = Integer.parseInt(shard.query("select pg_relation_filenode('" + table + "')"));
            int database =
                    Integer.parseInt(shard.query("select oid from pg_database where datname = current_database()"));
            tables.put(
                    table,
                    new Counted(
                            Long.parseLong(shard.query("select count(*) from " + table)),
                            new RelationFile(1663, database, file)));
        }
        return new Observation(Lsn.parse(shard.query("select pg_current_wal_insert_lsn()")), tables);
    }

    /** Cuts at random places and goes on with a new reader and builder now and then, as after a restart. */
    static List<Segment> build(int major, Lsn start, byte[] wal, SplittableRandom random, boolean pieces)
            throws Exception {
        WalFormat format = WalFormat.of(major);
        SegmentBuilder builder = new SegmentBuilder("s", format, 1, start, List.of());
        WalReader reader = new WalReader(format, WAL_SEGMENT_BYTES, start, WalReader.StartMode.UNKNOWN);
        SegmentChain chain = new SegmentChain();
        List<Segment> segments = new ArrayList<>();
        int at = 0;
        long time = 1_000_000;
        while (at < wal.length) {
            int next = pieces ? Math.min(wal.length, at + random.nextInt(1, 60_000)) : wal.length;
            reader.feed(start.plus(at), ByteBuffer.wrap(wal, at, next - at).slice(), builder);
            at = next;
            builder.clock(new ClockBounds(time, -1, 1));
            EncodedSegment cut = builder.cut(start.plus(at), reader.pendingStart(), time, time + 1000);
            Segment segment = cut.segment();
            byte[] encoded = cut.bytes();
            assertThat(chain.next(encoded)).isEqualTo(segment);
            segments.add(segment);
            time += 1000;
            if (random.nextInt(3) == 0) {
                builder = SegmentBuilder.after(format, segment, encoded);
                Lsn restart = segment.parserRestart();
                reader = new WalReader(format, WAL_SEGMENT_BYTES, restart, mode(restart, start));
                int from = (int) restart.minus(start);
                if (from < at) {
                    reader.feed(restart, ByteBuffer.wrap(wal, from, at - from).slice(), builder);
                }
                at = Math.max(at, from);
            }
        }
        return segments;
    }

    private static WalReader.StartMode mode(Lsn restart, Lsn start) {
        return restart.equals(start) ? WalReader.StartMode.UNKNOWN : WalReader.StartMode.RECORD_BOUNDARY;
    }

    private static Map<List<Object>, List<Long>> sum(List<Segment> segments) {
        Map<List<Object>, List<Long>> sums = new HashMap<>();
        for (Segment segment : segments) {
            for (RowCounts rows : segment.rows()) {
                sums.merge(
                        List.of(rows.xid(), rows.relation()),
                        List.of(rows.inserted(), rows.updated(), rows.deleted(), rows.pagesWritten()),
                        (a, b) -> List.of(
                                a.get(0) + b.get(0), a.get(1) + b.get(1), a.get(2) + b.get(2), a.get(3) + b.get(3)));
            }
        }
        return sums;
    }

    static byte[] read(Path directory, Lsn from, Lsn to) throws Exception {
        byte[] bytes = new byte[(int) to.minus(from)];
        for (Lsn at = from; at.isBefore(to); ) {
            WalFileName file = WalFileName.holding(1, at, WAL_SEGMENT_BYTES);
            byte[] content = Files.readAllBytes(directory.resolve(file.name()));
            int length = (int) Math.min(content.length, to.minus(at));
            System.arraycopy(content, 0, bytes, (int) at.minus(from), length);
            at = at.plus(length);
        }
        return bytes;
    }
}
