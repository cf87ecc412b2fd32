package io.isochron.restore;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Measures where a restore's time goes and tells its listener; thread-safe. */
final class RestoreClock {

    /** Guesses for a host of which nothing is known yet. */
    static final long FETCH_BYTES_PER_SECOND = 120L << 20;

    static final long REPLAY_BYTES_PER_SECOND = 60L << 20;
    static final long FIXED_MILLIS = 5_000;
    private static final long REPORT_NANOS = 100_000_000;

    private final RestorePlan plan;
    private final ProgressListener listener;
    private final long begin = System.nanoTime();
    private final List<PhaseTime> phases = new ArrayList<>();
    private final Map<String, Work> work = new ConcurrentHashMap<>();
    private long reported;

    RestoreClock(RestorePlan plan, ProgressListener listener) {
        this.plan = plan;
        this.listener = listener;
    }

    private record Work(long done, long total) {}

    static long estimateMillis(long fetchBytes, long replayBytes) {
        return FIXED_MILLIS + fetchBytes * 1000 / FETCH_BYTES_PER_SECOND + replayBytes * 1000 / REPLAY_BYTES_PER_SECOND;
    }

    /** Notes that a phase took the time since a moment. */
    void reached(RestorePhase phase, String shard, long sinceNanos) {
        synchronized (phases) {
            phases.add(new PhaseTime(phase, shard, (System.nanoTime() - sinceNanos) / 1_000_000));
        }
    }

    List<PhaseTime> phases() {
        synchronized (phases) {
            return List.copyOf(phases);
        }
    }

    /** Tells how far an activity is; not more often than people can read, unless it is done. */
    void progress(String shard, String activity, long done, long total) {
        work.put(shard + ' ' + activity, new Work(done, total));
        synchronized (this) {
            long now = System.nanoTime();
            if (done < total && now - reported < REPORT_NANOS) {
                return;
            }
            reported = now;
        }
        listener.progress(new RestoreProgress(shard, activity, done, total, remainingMillis()));
    }

    /** Weighs bytes by the guessed speeds and scales by how fast this run has been so far. */
    private long remainingMillis() {
        double all = estimateMillis(plan.fetchBytes(), plan.replayBytes());
        double done = 0;
        for (Map.Entry<String, Work> entry : work.entrySet()) {
            double speed = entry.getKey().endsWith("fetch") ? FETCH_BYTES_PER_SECOND : REPLAY_BYTES_PER_SECOND;
            boolean bytes = entry.getKey().endsWith("fetch") || entry.getKey().endsWith("replay");
            done += bytes ? entry.getValue().done() * 1000 / speed : 0;
        }
        double share = done / all;
        double elapsed = (System.nanoTime() - begin) / 1e6;
        return share < 0.05 ? (long) (all - done) : (long) Math.max(0, elapsed / share - elapsed);
    }
}
