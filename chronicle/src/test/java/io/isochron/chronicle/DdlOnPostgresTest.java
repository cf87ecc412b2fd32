package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.testkit.ClusterOptions;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFileName;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages in the WAL of real servers become statements of the ledger exactly if their transactions commit, wherever segments and minutes are cut. */
class DdlOnPostgresTest {
    private static final long MINUTE = 60_000_000;

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16, 17, 18})
    void textsOfCommittedTransactionsAreToldAndNoOthers(int major) throws Exception {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println("statements: -Disochron.seed=" + seed);
        try (TestCluster cluster =
                TestCluster.start(1, major, ClusterOptions.defaults().keepingWal())) {
            TestShard shard = cluster.shards().getFirst();
            assertThat(shard.query("show wal_level")).isEqualTo("replica");
            Lsn begin = Lsn.parse(shard.query("select pg_current_wal_insert_lsn()"));
            shard.execute(say("one", "true"));
            shard.execute("begin; " + say("rolled back", "true") + "rollback");
            shard.execute("begin; " + say("two", "true") + "savepoint s; " + say("undone", "true")
                    + "rollback to s; savepoint t; " + say("three", "true") + "commit");
            shard.execute("begin; " + say("not transactional", "false") + "commit");
            shard.execute("select pg_logical_emit_message(true, 'other:ddl', 'foreign')");
            shard.execute("select pg_logical_emit_message(true, 'isochron:ddl', 'no json')");
            shard.execute("select pg_logical_emit_message(true, 'isochron:ddl', repeat('x', 5000000))");
            shard.execute("begin; " + say("four", "true") + "savepoint u; " + say("five", "true")
                    + "prepare transaction '1_ZG9uZQ==_MQ=='");
            shard.execute("begin; " + say("prepared and undone", "true") + "prepare transaction '1_dW5kbw==_MQ=='");
            shard.execute("begin; " + say("still prepared", "true") + "prepare transaction '1_b3Blbg==_MQ=='");
            shard.execute("rollback prepared '1_dW5kbw==_MQ=='");
            shard.execute("checkpoint");
            shard.execute("commit prepared '1_ZG9uZQ==_MQ=='");
            shard.execute("checkpoint");
            Lsn flushed = Lsn.parse(shard.query("select pg_current_wal_flush_lsn()"));
            Lsn start = WalFileName.holding(1, begin, SegmentBuilderOnPostgresTest.WAL_SEGMENT_BYTES)
                    .start();
            byte[] wal = SegmentBuilderOnPostgresTest.read(shard.dataDirectory().resolve("pg_wal"), start, flushed);
            SplittableRandom random = new SplittableRandom(seed);
            for (boolean pieces : new boolean[] {false, true}) {
                List<Segment> segments = new ArrayList<>();
                for (Segment segment : SegmentBuilderOnPostgresTest.build(major, start, wal, random, pieces)) {
                    segments.add(SegmentCodec.decode(SegmentCodec.encode(segment)));
                }
                List<LedgerEntry> ledger = ledger(segments, random);
                assertThat(ledger.stream().flatMap(entry -> entry.digest().statements().items().stream()))
                        .extracting(statement -> statement.ddl().text())
                        .containsExactly("one", "two", "three", "four", "five");
                assertThat(ledger.stream()
                                .mapToLong(entry -> entry.digest().statements().omitted())
                                .sum())
                        .isEqualTo(2);
                LedgerRollup hour = new LedgerRollup(LedgerLevel.HOUR);
                ledger.forEach(hour::add);
                assertThat(hour.finish(Segment.NO_PREVIOUS)
                                .digest()
                                .statements()
                                .items())
                        .hasSize(5)
                        .allSatisfy(statement -> assertThat(segments)
                                .flatMap(Segment::events)
                                .anyMatch(event -> event.commits()
                                        && event.xid() == statement.xid()
                                        && event.end().equals(statement.at())));
                assertThat(ledger.getLast().carriedDdl())
                        .extracting(message -> message.ddl().text())
                        .containsExactly("still prepared");
            }
        }
    }

    /** Minutes of one or more segments; at each a new builder goes on from the stored bytes, as after a restart, and must make the same. */
    private static List<LedgerEntry> ledger(List<Segment> segments, SplittableRandom random) throws Exception {
        List<LedgerEntry> entries = new ArrayList<>();
        LedgerBuilder whole = LedgerBuilder.first(segments.getFirst().shard());
        LedgerBuilder restarted = LedgerBuilder.first(segments.getFirst().shard());
        long minute = 0;
        for (int i = 0; i <= segments.size(); i++) {
            minute += i == segments.size() || (minute < 50 && random.nextInt(20) == 0) ? 1 : 0;
            Segment last = segments.get(Math.min(i, segments.size() - 1));
            Segment at = i == segments.size() ? ending(last) : last;
            Segment segment = timed(at, minute * MINUTE);
            LedgerEntry over = whole.add(segment, Segment.NO_PREVIOUS).orElse(null);
            LedgerEntry again = restarted.add(segment, Segment.NO_PREVIOUS).orElse(null);
            assertThat(again).isEqualTo(over);
            if (over != null) {
                byte[] bytes = LedgerCodec.encode(over);
                entries.add(LedgerCodec.decode(bytes));
                assertThat(entries.getLast()).isEqualTo(over);
                restarted = LedgerBuilder.after(entries.getLast(), bytes, entries);
                restarted.add(segment, Segment.NO_PREVIOUS);
            }
        }
        return entries;
    }

    private static Segment ending(Segment last) {
        return SegmentBuilder.after(io.isochron.wal.WalFormat.of(17), last, SegmentCodec.encode(last))
                .cut(last.end(), last.parserRestart(), last.referenceLastMicros(), last.referenceLastMicros())
                .segment();
    }

    private static Segment timed(Segment s, long micros) {
        return new Segment(
                s.shard(),
                s.sequence(),
                s.previousSha256(),
                s.timeline(),
                s.start(),
                s.end(),
                s.lastRecordEnd(),
                s.parserRestart(),
                s.records(),
                s.checkpoints(),
                micros,
                micros,
                s.safePoint(),
                s.clocks(),
                s.clockSteps(),
                s.events(),
                s.rows(),
                s.storage(),
                s.openPrepared(),
                s.oldestOpenStart(),
                s.running(),
                s.relations(),
                s.parameters(),
                s.tablespaces(),
                s.restorePoints(),
                s.fences(),
                s.decisionRecords(),
                s.openDecisionRecords(),
                s.customResourceManagers(),
                s.ddl());
    }

    private static String say(String text, String transactional) {
        return "select pg_logical_emit_message(" + transactional
                + ", 'isochron:ddl', '{\"v\":1,\"tag\":\"ALTER TABLE\",\"objects\":null,\"text\":\"" + text
                + "\",\"form\":\"whole\"}'); ";
    }
}
