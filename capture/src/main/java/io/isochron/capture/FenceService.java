package io.isochron.capture;

import io.isochron.chronicle.FenceMark;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes fences across all shards: every receiver withholds its confirmations; once all do, the last confirmed position of each is read; they go on. Nothing behind these positions is visible to anyone on
 * any shard at the instant when all withhold. A fence is given to the chronicle only after each shard's {@link SyncGuard} has seen, before it and after it, that every commit waits for us.
 */
final class FenceService {
    private static final Logger LOG = LoggerFactory.getLogger(FenceService.class);
    private static final int PAUSES_KEPT = 1000;
    /** A guard that does not answer for so long refutes. */
    private static final int PENDING_MAX = 1000;

    /** A shard as fences see it. */
    record Member(SynchronousShard shard, SyncGuard guard) {}

    private record Taken(long id, long nanos, List<Member> members, List<Lsn> at) {}

    private final Supplier<Optional<List<Member>>> members;
    private final long intervalNanos;
    private final long limitNanos;
    private final Deque<Taken> pending = new ArrayDeque<>();
    private final long[] pauses = new long[PAUSES_KEPT];
    private long lastId;
    private long held;
    private long taken;
    private long abandoned;
    private long unproven;
    private long skipped;
    private long pauseNanosMax;

    /** @param members all shards of the cluster, empty while not all are there */
    FenceService(Supplier<Optional<List<Member>>> members, Duration interval, Duration limit) {
        this.members = members;
        this.intervalNanos = interval.toNanos();
        this.limitNanos = limit.toNanos();
    }

    /** Takes fences until the thread is interrupted. */
    void run() {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(intervalNanos);
                try {
                    take();
                } catch (IOException e) {
                    // a stream ended in this moment: its session reports it
                    LOG.debug("a fence ended with a lost stream", e);
                }
                prove();
            }
        } catch (InterruptedException e) {
            LOG.debug("fences end", e);
        }
    }

    synchronized FenceStatus status() {
        int count = (int) Math.min(held, PAUSES_KEPT);
        long[] sorted = Arrays.copyOf(pauses, count);
        Arrays.sort(sorted);
        return new FenceStatus(
                taken, abandoned, unproven, skipped, count == 0 ? 0 : sorted[count / 2] / 1000, pauseNanosMax / 1000);
    }

    /** One fence: hold all, read all, release all. */
    private void take() throws IOException {
        List<Member> all = members.get().orElse(List.of());
        if (all.isEmpty() || !all.stream().allMatch(member -> member.guard().armed())) {
            count(() -> skipped++);
            return;
        }
        long begin = System.nanoTime();
        List<Lsn> at = new ArrayList<>();
        boolean complete = true;
        long nanos;
        long micros;
        try {
            for (Member member : all) {
                complete &= member.shard().gate().hold(begin + limitNanos);
            }
            // all withhold from here until the first gate below tells that it still does
            nanos = System.nanoTime();
            micros = Micros.now();
            for (Member member : all) {
                Optional<Lsn> position = member.shard().gate().heldAt();
                complete &= position.isPresent();
                position.ifPresent(at::add);
            }
        } finally {
            release(all);
        }
        long pause = System.nanoTime() - begin;
        boolean whole = complete;
        count(() -> {
            pauses[(int) (held++ % PAUSES_KEPT)] = pause;
            pauseNanosMax = Math.max(pauseNanosMax, pause);
            if (!whole) {
                abandoned++;
            }
        });
        if (complete) {
            lastId = Math.max(lastId + 1, micros);
            pending.addLast(new Taken(lastId, nanos, all, at));
        }
    }

    private static void release(List<Member> all) throws IOException {
        IOException failure = null;
        for (Member member : all) {
            try {
                member.shard().gate().release();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void prove() {
        while (!pending.isEmpty()) {
            Taken fence = pending.getFirst();
            boolean proven = true;
            boolean refuted = pending.size() > PENDING_MAX;
            for (Member member : fence.members()) {
                SyncGuard.Verdict verdict = member.guard().at(fence.nanos());
                proven &= verdict == SyncGuard.Verdict.PROVEN;
                refuted |= verdict == SyncGuard.Verdict.REFUTED;
            }
            if (refuted) {
                pending.removeFirst();
                count(() -> unproven++);
            } else if (proven) {
                pending.removeFirst();
                for (int i = 0; i < fence.at().size(); i++) {
                    fence.members()
                            .get(i)
                            .shard()
                            .mark(new FenceMark(fence.id(), fence.at().get(i), fence.id()));
                }
                count(() -> taken++);
            } else {
                return;
            }
        }
    }

    private synchronized void count(Runnable change) {
        change.run();
    }
}
