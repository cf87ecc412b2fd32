package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedShard.Cutting;
import io.isochron.chronicle.SimulatedShard.Step;
import io.isochron.chronicle.SimulatedTransaction.Naming;
import io.isochron.chronicle.SimulatedTransaction.SimulatedBranch;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes random clusters. The fault model: shard clocks are off by up to an hour, drift by up to 300 ppm and jump, by more than a probe can
 * hide; probes take up to 0.4 s and are read at any point of it; commit records are written up to 20 ms after their time was read;
 * coordinators stall, crash before and after the decision, roll back, and recover late or never; a capture pauses and catches up, or stops;
 * shards are idle; a reader does not begin at the beginning.
 */
final class SimulationGenerator {
    private static final long MILLI = 1000;
    private static final long SECOND = 1_000_000;
    private static final long NEVER = SimulatedTransaction.NEVER;

    private final SplittableRandom random;

    SimulationGenerator(long seed) {
        this.random = new SplittableRandom(seed);
    }

    SimulatedCluster next() {
        int shards = random.nextInt(2, 6);
        long length = random.nextLong(3, 20) * SECOND;
        long roundTrip = new long[] {200, 5 * MILLI, 80 * MILLI, 400 * MILLI}[random.nextInt(4)];
        List<SimulatedShard> all = new ArrayList<>();
        for (int i = 0; i < shards; i++) {
            all.add(shard(i, length, roundTrip));
        }
        int count = random.nextInt(1, 60);
        long window = random.nextInt(3) == 0 ? Math.min(length, 2 * SECOND) : length;
        List<SimulatedTransaction> transactions = new ArrayList<>();
        int idle = random.nextInt(5) == 0 ? random.nextInt(shards) : -1;
        for (int i = 0; i < count; i++) {
            transactions.add(transaction(i, shards, idle, length - window, length));
        }
        return new SimulatedCluster(all, transactions, random.nextInt(4) == 0 ? random.nextInt(6) : 0);
    }

    private SimulatedShard shard(int index, long length, long roundTrip) {
        long every = random.nextLong(200, 1500) * MILLI;
        long pauseAt = random.nextInt(4) == 0 ? random.nextLong(length) : NEVER;
        long pause = random.nextLong(1, 6) * SECOND;
        List<Step> steps = new ArrayList<>();
        long last = 0;
        for (int i = random.nextInt(-2, 3); i > 0; i--) {
            long at = last + random.nextLong(3 * SECOND, 8 * SECOND);
            if (pauseAt == NEVER || at + 3 * SECOND < pauseAt || at > pauseAt + pause + 3 * SECOND) {
                long least = 3 * roundTrip + 5 * MILLI;
                long size = random.nextLong(least, least + 10 * SECOND);
                steps.add(new Step(at, random.nextBoolean() ? size : -size));
            }
            last = at;
        }
        long stop = random.nextInt(8) == 0 ? random.nextLong(length / 2, length) : length + 3 * SECOND;
        return new SimulatedShard(
                index,
                random.nextLong(-3600 * SECOND, 3600 * SECOND),
                random.nextInt(-300, 301),
                List.copyOf(steps),
                roundTrip,
                new double[] {0, 1, random.nextDouble()}[random.nextInt(3)],
                cuts(every, pauseAt, pause, stop));
    }

    private List<Cutting> cuts(long every, long pauseAt, long pause, long stop) {
        List<Cutting> cuts = new ArrayList<>();
        boolean paused = false;
        for (long at = random.nextLong(every); at < stop; at += random.nextLong(every / 2, every * 2)) {
            if (!paused && at >= pauseAt) {
                paused = true;
                long resumed = at + pause;
                int pieces = random.nextInt(1, 5);
                for (int i = 1; i < pieces; i++) {
                    cuts.add(new Cutting(resumed + i * 10 * MILLI, at + pause * i / pieces, false));
                }
                at = resumed + 100 * MILLI;
            }
            cuts.add(new Cutting(at, at - 20 * MILLI, random.nextInt(10) != 0));
        }
        long end = cuts.isEmpty() ? stop : Math.max(stop, cuts.getLast().at() + 50 * MILLI);
        cuts.add(new Cutting(end, end - 20 * MILLI, true));
        return List.copyOf(cuts);
    }

    private SimulatedTransaction transaction(int id, int shards, int idle, long from, long to) {
        long begin = random.nextLong(from, to);
        int kind = random.nextInt(10);
        if (kind < 3) {
            return new SimulatedTransaction(
                    id,
                    Naming.PLAIN,
                    List.of(new SimulatedBranch(
                            place(shards, idle), 0, NEVER, begin + 20 * MILLI, random.nextInt(10) != 0, stampDelay())));
        }
        if (kind == 3) {
            long prepared = begin + random.nextLong(MILLI);
            long ended = random.nextInt(4) == 0 ? NEVER : prepared + random.nextLong(SECOND);
            return new SimulatedTransaction(
                    id,
                    random.nextBoolean() ? Naming.UNKNOWN : Naming.LOGICAL_REPLICATION,
                    List.of(new SimulatedBranch(place(shards, idle), 0, prepared, ended, random.nextInt(4) != 0, 0)));
        }
        return new SimulatedTransaction(
                id, random.nextBoolean() ? Naming.XA : Naming.OWN, branches(shards, idle, begin, to));
    }

    /** All PREPAREs are written before the coordinator decides; every end is written after. */
    private List<SimulatedBranch> branches(int shards, int idle, long begin, long to) {
        int count = random.nextInt(2, 5);
        long[] prepared = new long[count];
        long slowness = random.nextInt(6) == 0 ? SECOND : 3 * MILLI;
        long decided = begin;
        for (int i = 0; i < count; i++) {
            prepared[i] = begin + random.nextLong(1, slowness);
            decided = Math.max(decided, prepared[i]);
        }
        decided += random.nextLong(1, slowness);
        int fate = random.nextInt(20);
        boolean commits = fate != 0 && fate != 1;
        List<SimulatedBranch> branches = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long ended = switch (fate) {
                case 0, 2 -> random.nextBoolean() ? NEVER : later(decided, to);
                case 3, 4, 5 -> random.nextBoolean() ? later(decided, to) : soon(decided);
                case 6 -> NEVER;
                default -> soon(decided);
            };
            if (fate == 1 && random.nextBoolean()) {
                continue;
            }
            long delay = ended == NEVER ? 0 : Math.min(stampDelay(), ended - decided);
            branches.add(new SimulatedBranch(place(shards, idle), i, prepared[i], ended, commits, delay));
        }
        return List.copyOf(branches);
    }

    private long soon(long decided) {
        return decided + random.nextLong(1, 4 * MILLI);
    }

    private long later(long decided, long to) {
        return decided + random.nextLong(1, Math.max(2, to - decided + SECOND));
    }

    private long stampDelay() {
        return switch (random.nextInt(10)) {
            case 0 -> random.nextLong(20 * MILLI);
            case 1, 2, 3 -> random.nextLong(MILLI);
            default -> 0;
        };
    }

    private int place(int shards, int idle) {
        int shard = random.nextInt(shards);
        return shard == idle ? (shard + 1) % shards : shard;
    }

    /** Targets worth trying on a cluster. */
    List<SimulatedTarget> targets(SimulatedCluster cluster, int count) {
        List<SimulatedTarget> targets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            SimulatedTransaction some = cluster.transactions()
                    .get(random.nextInt(cluster.transactions().size()));
            long near = some.branches().isEmpty()
                    ? random.nextLong(10 * SECOND)
                    : nearEnd(some.branches().get(random.nextInt(some.branches().size())));
            targets.add(
                    switch (random.nextInt(8)) {
                        case 0 -> new SimulatedTarget.Before(some.id());
                        case 1 -> new SimulatedTarget.Positions(near, random.nextLong(1, SECOND));
                        case 2 -> new SimulatedTarget.Latest();
                        default -> new SimulatedTarget.Moment(near + random.nextLong(-5 * MILLI, 5 * MILLI));
                    });
        }
        return targets;
    }

    private long nearEnd(SimulatedBranch branch) {
        return branch.endedAt() != NEVER && random.nextInt(4) != 0
                ? branch.endedAt()
                : branch.preparedAt() != NEVER ? branch.preparedAt() : branch.endedAt();
    }
}
