package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.LedgerStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.testkit.Seeds;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Half a day on which nobody writes anything, in seconds: the real receivers, writers, clocks and ledgers of two shards, whose servers and whose host's clocks a test turns. The servers' clocks go wrong
 * at different speeds, and answers are late now and then.
 */
class IdleHoursTest {
    private static final long SECOND = 1_000_000;
    private static final long TICK = 50_000;
    private static final long LOOK = 500_000;
    private static final long START = 1_763_814_000L * SECOND;

    /** A safe time moves with each idle segment; the reading in it is a probe and a question old. */
    private static final long LAG_MAX = 3 * SECOND;

    private final CaptureOptions options = CaptureOptions.defaults();
    private final SimulatedHost host = new SimulatedHost(START);
    private final MemoryObjects objects = new MemoryObjects();
    private final List<IdleShard> shards = new ArrayList<>();
    private final SafeTimeWatch watch = new SafeTimeWatch(options);
    private final List<String> news = new ArrayList<>();
    private Repository repository;
    private long lagMicrosMax;
    private long uncertaintyMicrosMax;

    @TempDir
    Path directory;

    @BeforeEach
    void twoShards() throws Exception {
        Random random = new Random(Seeds.seed());
        repository = Repository.init(
                objects,
                RepositoryKey.generate(directory.resolve("key")),
                new ClusterIdentity(
                        UUID.randomUUID(),
                        "idle",
                        List.of(new ShardIdentity("a", "1", 17, 16 << 20), new ShardIdentity("b", "2", 17, 16 << 20))),
                Instant.EPOCH);
        shards.add(new IdleShard("a", host, repository, options, random, 7_300_000, 300));
        shards.add(new IdleShard("b", host, repository, options, random, -41_000, -45));
    }

    @Test
    void twelveIdleHoursKeepTheSafeTimeMovingAndEveryMinuteHasItsLinkInTheLedger() throws Exception {
        run(12 * 3600);
        assertThat(news).isEmpty();
        assertThat(lagMicrosMax).isLessThan(LAG_MAX);
        assertThat(uncertaintyMicrosMax).as("of clocks, that drift").isLessThan(SECOND / 10);
        for (IdleShard shard : shards) {
            assertThat(shard.monitor.status(host.micros()).notices()).isEmpty();
        }
        long minutes = 0;
        for (int i = 0; i < shards.size(); i++) {
            minutes += ledger(i == 0 ? "a" : "b");
        }
        assertThat(minutes).isBetween(2 * 719L, 2 * 720L);
        assertThat(objects.count("ledger/s0001/minute/")).isBetween(719L, 720L);
        assertThat(objects.count("ledger/s0001/hour/")).isBetween(11L, 12L);
        assertThat(objects.count("wal/")).isZero();
        // one segment for each idle interval, and none more
        assertThat(objects.count("chronicle/")).isBetween(2 * 20_000L, 2 * 12 * 3600 / 2L);
    }

    @Test
    void aServerThatStopsAnsweringHoldsTheSafeTimeFastAndIsNamedWithinFiveSeconds() throws Exception {
        run(600);
        assertThat(news).isEmpty();
        shards.get(1).stop();
        run(1);
        Instant stood = shards.get(1).monitor.status(host.micros()).safeTime();
        for (int second = 1; second < 5; second++) {
            run(1);
        }
        assertThat(news).singleElement().asString().startsWith("ALARM: the safe time of shard b is ");
        assertThat(watch.late()).containsExactly("b");
        run(3600);
        // what had been answered before still counts, so it may have moved in the first second, and never again
        assertThat(shards.get(1).monitor.status(host.micros()).safeTime())
                .isBetween(
                        stood,
                        Instant.ofEpochSecond(0, 0)
                                .plusNanos(1000 * shards.get(1).clockMicros(START + 600 * SECOND)));
        assertThat(shards.get(0).monitor.status(host.micros()).lagMicros()).isLessThan(LAG_MAX);
        assertThat(news).hasSize(1);
        shards.get(1).goOn();
        run(5);
        assertThat(news).hasSize(2);
        assertThat(news.getLast()).isEqualTo("the safe time of shard b is recent again");
        assertThat(watch.late()).isEmpty();
    }

    /** Lets so many seconds go by. */
    private void run(long seconds) throws Exception {
        long end = host.micros() + seconds * SECOND;
        while (host.micros() < end) {
            long now = host.micros();
            long tick = (now / TICK + 1) * TICK;
            long next = tick;
            for (IdleShard shard : shards) {
                next = Math.min(next, Math.max(now, shard.nextMicros()));
            }
            host.at(next == now ? tick : next);
            for (IdleShard shard : shards) {
                shard.step();
            }
            if (host.micros() % LOOK == 0) {
                look();
            }
        }
    }

    private void look() throws Exception {
        List<CaptureStatus> all = new ArrayList<>();
        for (IdleShard shard : shards) {
            shard.ledger.catchUp();
            CaptureStatus status = shard.monitor.status(host.micros());
            all.add(status);
            if (host.sinceBeginMicros() < 5 * SECOND) {
                continue;
            }
            lagMicrosMax = Math.max(lagMicrosMax, status.lagMicros());
            ClockBounds bounds = shard.boundsNow();
            uncertaintyMicrosMax = Math.max(uncertaintyMicrosMax, bounds.uncertaintyMicros());
            assertThat(shard.clockMicros(host.micros()) - host.micros())
                    .as("how far the clock is off after %d s", host.sinceBeginMicros() / SECOND)
                    .isBetween(bounds.offsetLowMicros(), bounds.offsetHighMicros());
            Instant safe = status.safeTime();
            assertThat(safe).isNotNull();
            assertThat(safe.getEpochSecond() * SECOND + safe.getNano() / 1000)
                    .as("a reading of the server's clock, in the past")
                    .isLessThan(shard.clockMicros(host.micros()));
        }
        news.addAll(watch.look(all));
    }

    /** How many minutes follow each other without a hole, each naming the one before and the last segment that it covers. */
    private long ledger(String shard) throws Exception {
        LedgerStore ledger = repository.ledger();
        long last = ledger.lastNumber(shard).orElseThrow();
        byte[] before = null;
        LedgerEntry previous = null;
        for (long number = 0; number <= last; number++) {
            byte[] bytes = ledger.read(shard, number);
            LedgerEntry entry = LedgerCodec.decode(bytes);
            assertThat(entry.linkSha256())
                    .isEqualTo(before == null ? Segment.NO_PREVIOUS : SegmentCodec.sha256(before));
            if (previous != null) {
                assertThat(entry.period()).isEqualTo(previous.period() + 1);
                assertThat(entry.cover().firstSequence())
                        .isEqualTo(previous.cover().lastSequence() + 1);
            }
            assertThat(entry.digest().notables()).isEmpty();
            assertThat(SegmentCodec.sha256(
                            repository.chronicle().read(shard, entry.cover().lastSequence())))
                    .isEqualTo(entry.cover().lastSegmentSha256());
            before = bytes;
            previous = entry;
        }
        return last + 1;
    }
}
