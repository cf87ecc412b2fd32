package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedCluster.SimulatedFence;
import io.isochron.chronicle.SimulatedCluster.SimulatedPoint;
import io.isochron.chronicle.SimulatedShard.Cutting;
import io.isochron.chronicle.SimulatedShard.Step;
import io.isochron.chronicle.SimulatedTransaction.Naming;
import io.isochron.chronicle.SimulatedTransaction.SimulatedBranch;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Makes random clusters. The fault model: shard clocks are off by up to an hour, drift by up to 300 ppm and jump, by more than a probe can
 * hide; probes take up to 0.4 s and are read at any point of it; commit records are written up to 20 ms after their time was read;
 * coordinators stall, crash before and after the decision, roll back, and recover late or never; a Citus origin is any node, has several
 * branches on one node, and counts from 1 again after a restart; a capture pauses and catches up, or stops, so that archives end unevenly, and clocks jump just before, or when numbers recur, or once or twice while the
 * capture of their shard pauses, when nobody reads them (but not back to where they were: nothing would show that); WAL lags by up to 8 s while the clock is read and steps;
 * a capture connects for the first time when much is waiting that was written by another clock; fences miss a shard and lie within a record; shards join and leave; shards are idle; a reader does not begin at the beginning.
 */
final class SimulationGenerator {
    private static final long MILLI = 1000;
    private static final long SECOND = 1_000_000;
    private static final long NEVER = SimulatedTransaction.NEVER;

    /** Chooses what {@link #random} does not, so that seeds of before still make the same histories. */
    private static final long SALT = 0x49534F43485251AAL;

    private final SplittableRandom random;
    private final SplittableRandom special;
    private final ShardMishaps mishaps;

    private long restart;
    private int recurring;

    SimulationGenerator(long seed) {
        this.random = new SplittableRandom(seed);
        this.special = new SplittableRandom(seed ^ SALT);
        this.mishaps = new ShardMishaps(special, seed ^ SALT * 3, seed ^ SALT * 5, seed ^ SALT * 7);
    }

    SimulatedCluster next() {
        int shards = random.nextInt(2, 6);
        long length = random.nextLong(3, 20) * SECOND;
        long roundTrip = new long[] {200, 5 * MILLI, 80 * MILLI, 400 * MILLI}[random.nextInt(4)];
        List<SimulatedShard> all = new ArrayList<>();
        for (int i = 0; i < shards; i++) {
            boolean stays = i < 2 || random.nextInt(3) != 0;
            long joined = stays || random.nextBoolean() ? 0 : random.nextLong(length / 2);
            long left = stays || random.nextBoolean() ? NEVER : random.nextLong(joined + length / 4, length + SECOND);
            all.add(shard(i, length, roundTrip, joined, left));
        }
        int count = random.nextInt(1, 60);
        long window = random.nextInt(3) == 0 ? Math.min(length, 2 * SECOND) : length;
        List<SimulatedTransaction> transactions = new ArrayList<>();
        int idle = random.nextInt(5) == 0 ? random.nextInt(shards) : -1;
        restart = Math.max(random.nextLong(length - window, length), 2500 * MILLI);
        for (int i = 0; i < count; i++) {
            transactions.add(placed(transaction(i, shards, idle, length - window, length), all));
        }
        mishaps.befall(all, transactions, restart, length);
        List<SimulatedFence> fences = new ArrayList<>();
        for (long at = random.nextLong(SECOND); at < length && random.nextInt(20) != 0; ) {
            int without = random.nextInt(8) == 0 ? random.nextInt(shards) : -1;
            fences.add(new SimulatedFence(at, at, without, random.nextInt(3) == 0 ? random.nextInt(60) : 0));
            at += random.nextLong(100 * MILLI, 2 * SECOND);
        }
        List<SimulatedPoint> points = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            List<Integer> on = new ArrayList<>();
            for (int shard = 0; shard < shards; shard++) {
                if (random.nextInt(3) != 0) {
                    on.add(shard);
                }
            }
            points.add(new SimulatedPoint("point " + i, random.nextLong(length - window, length), List.copyOf(on)));
        }
        int forget = random.nextInt(4) == 0 ? random.nextInt(6) : 0;
        return new SimulatedCluster(all, transactions, fences, points, forget, Set.of());
    }

    /**
     * Branches only on shards that are members all the while. The origin of a decision is a member until it is made; the group in its gids is that
     * of the node whose log has the record.
     */
    private static SimulatedTransaction placed(SimulatedTransaction transaction, List<SimulatedShard> shards) {
        long from = NEVER;
        long to = 0;
        long recorded = 0;
        for (SimulatedBranch branch : transaction.branches()) {
            from = Math.min(from, Math.min(branch.preparedAt(), branch.endedAt()));
            to = Math.max(to, branch.endedAt());
            recorded = branch.record() ? branch.endedAt() : recorded;
        }
        // a record's time is read a little before it is written
        long begin = from - 50 * MILLI;
        long end = to == NEVER ? to - 1 : to;
        long coordinated = recorded == 0 ? end : recorded + MILLI;
        boolean stays = shards.get(transaction.origin()).alive(begin, coordinated);
        int origin = stays ? transaction.origin() : transaction.origin() % 2;
        List<SimulatedBranch> branches = new ArrayList<>();
        for (SimulatedBranch branch : transaction.branches()) {
            boolean alive = shards.get(branch.shard()).alive(begin, end);
            branches.add(branch.record() ? branch.on(origin) : alive ? branch : branch.on(branch.shard() % 2));
        }
        return transaction.of(origin).with(List.copyOf(branches));
    }

    private SimulatedShard shard(int index, long length, long roundTrip, long joined, long left) {
        long every = random.nextLong(200, 1500) * MILLI;
        long pauseAt = random.nextInt(4) == 0 ? random.nextLong(length) : NEVER;
        // a capture that is told to pause before it begins pauses as it begins
        long pauses = pauseAt == NEVER ? NEVER : Math.max(pauseAt, joined);
        long pause = random.nextLong(1, 6) * SECOND;
        List<Step> steps = new ArrayList<>();
        long last = 0;
        for (int i = random.nextInt(-2, 3); i > 0; i--) {
            long at = last + random.nextLong(3 * SECOND, 8 * SECOND);
            if (pauses == NEVER || at + 3 * SECOND < pauses || at > pauses + pause + 3 * SECOND) {
                long least = 3 * roundTrip + 5 * MILLI;
                long size = random.nextLong(least, least + 10 * SECOND);
                steps.add(new Step(at, random.nextBoolean() ? size : -size));
            }
            last = at;
        }
        long stop = random.nextInt(8) == 0 ? random.nextLong(length / 2, length) : length + 3 * SECOND;
        stop = left == NEVER ? Math.max(stop, joined + SECOND) : left;
        return new SimulatedShard(
                index,
                random.nextLong(-3600 * SECOND, 3600 * SECOND),
                random.nextInt(-300, 301),
                List.copyOf(steps),
                roundTrip,
                new double[] {0, 1, random.nextDouble()}[random.nextInt(3)],
                joined,
                left,
                joined,
                cuts(every, pauseAt, pause, joined, stop));
    }

    private List<Cutting> cuts(long every, long pauseAt, long pause, long joined, long stop) {
        List<Cutting> cuts = new ArrayList<>();
        boolean paused = false;
        for (long at = joined + random.nextLong(every); at < stop; at += random.nextLong(every / 2, every * 2)) {
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
                    0,
                    id,
                    List.of(new SimulatedBranch(
                            place(shards, idle), 0, NEVER, begin + 20 * MILLI, random.nextInt(10) != 0, stampDelay())));
        }
        if (kind == 3) {
            long prepared = begin + random.nextLong(MILLI);
            long ended = random.nextInt(4) == 0 ? NEVER : prepared + random.nextLong(SECOND);
            return new SimulatedTransaction(
                    id,
                    random.nextBoolean() ? Naming.UNKNOWN : Naming.LOGICAL_REPLICATION,
                    0,
                    id,
                    List.of(new SimulatedBranch(place(shards, idle), 0, prepared, ended, random.nextInt(4) != 0, 0)));
        }
        if (kind < 7) {
            return new SimulatedTransaction(
                    id,
                    random.nextBoolean() ? Naming.XA : Naming.OWN,
                    0,
                    id,
                    branches(shards, idle, begin, to, -1, NEVER));
        }
        if (random.nextBoolean()) {
            // The origin counts from 1 again after its restart; what it had prepared until then was decided before.
            int origin = 0;
            boolean before = recurring++ % 2 == 0;
            int number = 500_000 + (recurring - 1) / 2;
            begin = before
                    ? Math.max(0, restart - 2 * SECOND) + random.nextLong(SECOND)
                    : restart + random.nextLong(SECOND);
            return new SimulatedTransaction(
                    id,
                    Naming.CITUS,
                    origin,
                    number,
                    branches(
                            shards, idle, begin, before ? restart : to, origin, before ? restart - 20 * MILLI : NEVER));
        }
        int origin = place(shards, idle);
        return new SimulatedTransaction(id, Naming.CITUS, origin, id, branches(shards, idle, begin, to, origin, NEVER));
    }

    /**
     * All PREPAREs are written before the coordinator decides; every end is written after.
     *
     * @param origin where the decision is recorded, or -1
     * @param limit when the last must be ended at the latest
     */
    private List<SimulatedBranch> branches(int shards, int idle, long begin, long to, int origin, long limit) {
        int count = random.nextInt(2, origin < 0 ? 5 : 7);
        long[] prepared = new long[count];
        long slowness = limit == NEVER && random.nextInt(6) == 0 ? SECOND : 3 * MILLI;
        long decided = begin;
        for (int i = 0; i < count; i++) {
            prepared[i] = begin + random.nextLong(1, slowness);
            decided = Math.max(decided, prepared[i]);
        }
        long waited = random.nextLong(1, slowness);
        decided += waited;
        int fate = random.nextInt(20);
        boolean commits = fate != 0 && fate != 1 && (origin < 0 || fate != 6);
        List<SimulatedBranch> branches = new ArrayList<>();
        if (origin >= 0 && commits) {
            long delay = Math.min(stampDelay(), waited);
            branches.add(new SimulatedBranch(origin, SimulatedTransaction.RECORD, NEVER, decided, true, delay));
        }
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
            if (origin >= 0 && ended < NEVER) {
                ended += 1;
            }
            ended = ended == NEVER && limit == NEVER
                    ? NEVER
                    : Math.clamp(ended, decided + 1, Math.max(decided + 1, limit));
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
                    switch (random.nextInt(16)) {
                        case 0, 1 -> new SimulatedTarget.Before(some.id(), random.nextInt(8));
                        case 2, 3 -> new SimulatedTarget.After(some.id(), random.nextInt(8));
                        case 4 ->
                            new SimulatedTarget.Positions(near, random.nextLong(1, SECOND), random.nextInt(2) * 20);
                        case 5 -> new SimulatedTarget.Latest();
                        case 6 -> {
                            List<SimulatedFence> fences = cluster.fences();
                            SimulatedFence fence = fences.isEmpty() ? null : fences.get(random.nextInt(fences.size()));
                            yield fence == null
                                    ? new SimulatedTarget.Moment(near)
                                    : new SimulatedTarget.Fence(fence.id(), fence.at());
                        }
                        case 7 -> new SimulatedTarget.LastFence(near);
                        case 8 -> {
                            List<SimulatedPoint> points = cluster.points();
                            SimulatedPoint point = points.isEmpty() ? null : points.get(random.nextInt(points.size()));
                            yield point == null
                                    ? new SimulatedTarget.Moment(near)
                                    : new SimulatedTarget.Point(point.name(), point.at());
                        }
                        default -> new SimulatedTarget.Moment(near + random.nextLong(-5 * MILLI, 5 * MILLI));
                    });
        }
        for (SimulatedShard shard : cluster.shards()) {
            long end = shard.cuts().getLast().at();
            for (Step step : shard.steps()) {
                if (step.at() <= end && end < step.at() + SECOND) {
                    targets.add(
                            special.nextBoolean()
                                    ? new SimulatedTarget.Latest()
                                    : new SimulatedTarget.Moment(step.at() - special.nextLong(SECOND)));
                }
            }
        }
        return targets;
    }

    private long nearEnd(SimulatedBranch branch) {
        return branch.endedAt() != NEVER && random.nextInt(4) != 0
                ? branch.endedAt()
                : branch.preparedAt() != NEVER ? branch.preparedAt() : branch.endedAt();
    }
}
