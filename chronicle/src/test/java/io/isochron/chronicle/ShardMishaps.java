package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedShard.Cutting;
import io.isochron.chronicle.SimulatedShard.Step;
import io.isochron.chronicle.SimulatedTransaction.SimulatedBranch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/** What goes wrong with the clocks of simulated shards and with their captures. Each kind chooses by random numbers of its own, so that a new one leaves the others as they were. */
final class ShardMishaps {
    private static final long MILLI = 1000;
    private static final long SECOND = 1_000_000;
    private static final long NEVER = SimulatedTransaction.NEVER;

    /** Shorter, and a single jump is all that the solver reckons with. */
    private static final long UNREAD_LEAST = 3200 * MILLI;

    private final SplittableRandom special;
    private final SplittableRandom unread;
    private final SplittableRandom lag;
    private final SplittableRandom beginning;

    ShardMishaps(SplittableRandom special, long unread, long lag, long beginning) {
        this.special = special;
        this.unread = new SplittableRandom(unread);
        this.lag = new SplittableRandom(lag);
        this.beginning = new SplittableRandom(beginning);
    }

    /**
     * Replaces shards by such as something befell.
     *
     * @param restart when numbers begin to recur
     */
    void befall(List<SimulatedShard> all, List<SimulatedTransaction> transactions, long restart, long length) {
        switch (special.nextInt(4)) {
            case 0 -> all.replaceAll(shard -> special.nextBoolean() ? jumpingAtEnd(shard, transactions) : shard);
            case 1 -> all.replaceAll(shard -> special.nextBoolean() ? jumpingAtRestart(shard, restart) : shard);
            default -> {}
        }
        all.replaceAll(shard -> unread.nextInt(3) == 0 ? jumpingUnread(shard) : shard);
        all.replaceAll(shard -> lag.nextInt(5) == 0 ? lagging(shard, length) : shard);
        all.replaceAll(shard -> switch (beginning.nextInt(10)) {
            case 0 -> connectedLate(shard, length);
            case 1, 2 -> shard;
            default -> knownFromItsBeginning(shard);
        });
    }

    /** The same shard, whose clock jumps and whose capture ends around one of its commits. */
    private SimulatedShard jumpingAtEnd(SimulatedShard shard, List<SimulatedTransaction> transactions) {
        List<Long> commits = transactions.stream()
                .flatMap(transaction -> transaction.branches().stream())
                .filter(branch -> branch.shard() == shard.index() && branch.commits() && branch.endedAt() != NEVER)
                .map(SimulatedBranch::endedAt)
                .toList();
        if (commits.isEmpty() || shard.joined() > 0 || shard.left() != NEVER) {
            return shard;
        }
        long commit = commits.get(special.nextInt(commits.size()));
        long jump = commit - special.nextLong(300 * MILLI);
        long end = commit + special.nextLong(20 * MILLI, 600 * MILLI);
        List<Cutting> cuts = new ArrayList<>(
                shard.cuts().stream().filter(cut -> cut.at() < end).toList());
        if (jump < 3 * SECOND || pauses(shard, jump - 3 * SECOND, end)) {
            return shard;
        }
        cuts.add(new Cutting(end, end - 20 * MILLI, true));
        List<Step> steps = new ArrayList<>(shard.steps().stream()
                .filter(step -> step.at() < jump - 3 * SECOND)
                .toList());
        steps.add(new Step(jump, special.nextInt(4) == 0 ? jump(shard) : -jump(shard)));
        return with(shard, steps, cuts);
    }

    /** The same shard, whose clock jumps about when numbers begin to recur, so that it does not tell what came first. */
    private SimulatedShard jumpingAtRestart(SimulatedShard shard, long restart) {
        long jump = restart + special.nextLong(-1500 * MILLI, 1500 * MILLI);
        long size = jump(shard);
        List<Step> steps = new ArrayList<>(shard.steps());
        steps.add(new Step(jump, special.nextBoolean() ? size : -size));
        steps.sort(Comparator.comparingLong(Step::at));
        boolean alone = shard.steps().stream().allMatch(step -> Math.abs(step.at() - jump) > 3 * SECOND);
        return jump < 3 * SECOND || !alone || pauses(shard, jump - 3 * SECOND, jump + 3 * SECOND)
                ? shard
                : with(shard, steps, shard.cuts());
    }

    /** The same shard, whose clock jumps once or twice while its capture pauses. */
    private SimulatedShard jumpingUnread(SimulatedShard shard) {
        List<Step> steps = new ArrayList<>(shard.steps());
        long read = shard.joined();
        for (Cutting cut : shard.cuts()) {
            long from = read;
            long to = cut.at() - 60 * MILLI - 2 * shard.roundTrip();
            read = to + shard.roundTrip();
            if (to - from <= UNREAD_LEAST) {
                continue;
            }
            long least = 3 * shard.roundTrip() + 10 * MILLI;
            long sign = unread.nextBoolean() ? 1 : -1;
            long first = unread.nextLong(least, 4 * SECOND);
            long jumped = unread.nextLong(from + 1, to);
            steps.removeIf(step -> step.at() > from - 3 * SECOND && step.at() < to + 3 * SECOND);
            steps.add(new Step(jumped, sign * first));
            if (unread.nextBoolean()) {
                // on, or back beyond where it was
                long second = unread.nextLong(least, 4 * SECOND);
                long size = unread.nextBoolean() ? second : -first - second;
                steps.add(new Step(unread.nextLong(jumped, to), sign * size));
            }
        }
        steps.sort(Comparator.comparingLong(Step::at));
        return with(shard, steps, shard.cuts());
    }

    /** The same shard, whose WAL arrives late for a while, and at last all at once; what is known to be archived stands still meanwhile. */
    private SimulatedShard lagging(SimulatedShard shard, long length) {
        long from = lag.nextLong(length);
        long to = from + lag.nextLong(SECOND, 8 * SECOND);
        long late = lag.nextLong(SECOND, 8 * SECOND);
        List<Cutting> cuts = new ArrayList<>();
        long arrived = 0;
        for (int i = 0; i < shard.cuts().size(); i++) {
            Cutting cut = shard.cuts().get(i);
            boolean lags =
                    cut.at() > from && cut.at() < to && i + 1 < shard.cuts().size();
            long until = lags ? Math.min(cut.arrivedUntil(), Math.max(arrived, cut.at() - late)) : cut.arrivedUntil();
            cuts.add(new Cutting(cut.at(), until, cut.safe() && !lags));
            arrived = until;
        }
        return with(shard, shard.steps(), cuts);
    }

    /** The same shard, of which a safe point is known before anything was written. */
    private static SimulatedShard knownFromItsBeginning(SimulatedShard shard) {
        List<Cutting> cuts = new ArrayList<>(shard.cuts());
        cuts.addFirst(new Cutting(shard.joined() - 1, shard.joined() - 1, true));
        return connected(with(shard, shard.steps(), cuts), shard.joined() - 2 * SECOND);
    }

    /** The same shard, whose capture connects for the first time when much has been written, and the clock has jumped once or twice since. */
    private SimulatedShard connectedLate(SimulatedShard shard, long length) {
        long connected = shard.joined() + beginning.nextLong(length / 2);
        List<Cutting> cuts = new ArrayList<>(shard.cuts().stream()
                .filter(cut -> cut.at() - 3 * shard.roundTrip() - 60 * MILLI > connected)
                .toList());
        if (cuts.isEmpty()) {
            return shard;
        }
        List<Step> steps = new ArrayList<>(shard.steps());
        for (int i = beginning.nextInt(3); i > 0; i--) {
            steps.add(new Step(
                    beginning.nextLong(shard.joined(), connected + 1), beginning.nextLong(-4 * SECOND, 4 * SECOND)));
        }
        steps.sort(Comparator.comparingLong(Step::at));
        return connected(with(shard, steps, cuts), connected);
    }

    private static SimulatedShard connected(SimulatedShard shard, long connected) {
        return new SimulatedShard(
                shard.index(),
                shard.skew(),
                shard.driftPpm(),
                shard.steps(),
                shard.roundTrip(),
                shard.readAt(),
                shard.joined(),
                shard.left(),
                connected,
                shard.cuts());
    }

    private static boolean pauses(SimulatedShard shard, long from, long to) {
        long resumed = 0;
        for (Cutting cut : shard.cuts()) {
            // pieces that a capture has caught up with, and the first cut after them
            boolean late = cut.arrivedUntil() != cut.at() - 20 * MILLI;
            if ((late && cut.at() > from && cut.arrivedUntil() < to)
                    || (cut.at() > from && resumed < to && cut.at() - resumed > 3 * SECOND)) {
                return true;
            }
            resumed = cut.at();
        }
        return false;
    }

    /** More than a probe of a shard can hide. */
    private long jump(SimulatedShard shard) {
        long least = 3 * shard.roundTrip() + 5 * MILLI;
        return special.nextLong(least, least + 3 * SECOND);
    }

    private static SimulatedShard with(SimulatedShard shard, List<Step> steps, List<Cutting> cuts) {
        return new SimulatedShard(
                shard.index(),
                shard.skew(),
                shard.driftPpm(),
                List.copyOf(steps),
                shard.roundTrip(),
                shard.readAt(),
                shard.joined(),
                shard.left(),
                shard.connected(),
                List.copyOf(cuts));
    }
}
