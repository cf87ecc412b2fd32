package io.isochron.bench;

import io.isochron.chronicle.Grade;
import io.isochron.chronicle.RecoverableRange;
import io.isochron.chronicle.Target;
import io.isochron.instance.TempDirs;
import io.isochron.restore.ChronicleReader;
import io.isochron.restore.ClusterRestore;
import io.isochron.restore.Invariant;
import io.isochron.restore.PlanOptions;
import io.isochron.restore.PlanRefusedException;
import io.isochron.restore.ProgressListener;
import io.isochron.restore.RestoreOptions;
import io.isochron.restore.RestorePlan;
import io.isochron.restore.RestorePlanner;
import io.isochron.restore.RestoreReport;
import io.isochron.restore.RestoredCluster;
import io.isochron.workload.Acknowledged;
import io.isochron.workload.BankCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Restores one loaded run at many random moments and checks every restored cluster against the bank's invariants and against what
 * clients were told. Moments and traffic come from the seed; the interleaving of clients is the machine's.
 */
public final class Campaign {
    /**
     * How a campaign ended.
     *
     * @param restores restores that were tried
     * @param torn restored clusters on which an invariant does not hold, an acknowledged transaction is missing, or a later one is there
     * @param failed restores that did not come to an end or whose own proofs did not hold
     * @param refused those of the failed whose moment was refused before anything was restored
     * @param seed of traffic and moments
     * @param coordinator who decided transactions across shards
     * @param skewSeconds how far clocks were off at most
     * @param clockSteps how often one was stepped during the run
     * @param failovers how often a shard lost its primary during the run and went on with its standby
     * @param fences how many fences were taken during the run
     * @param fenceRestores restores that went to a fence
     * @param transactions acknowledged in the run
     * @param decisions in-doubt branches that were decided over all restores
     * @param medianMillis of a restore, plan and proofs included
     * @param maxMillis of a restore
     * @param totalMillis of everything, the loaded run included
     * @param complaints what was wrong, a sentence each; at most 20
     */
    public record Result(
            int restores,
            int torn,
            int failed,
            int refused,
            long seed,
            int postgres,
            String coordinator,
            int skewSeconds,
            int clockSteps,
            int failovers,
            long fences,
            int fenceRestores,
            long transactions,
            long decisions,
            long medianMillis,
            long maxMillis,
            long totalMillis,
            List<String> complaints) {
        public Result {
            complaints = List.copyOf(complaints);
        }
    }

    private static final int COMPLAINTS_MAX = 20;

    private final LoadedRun run;
    private final Consumer<String> log;
    private final List<String> complaints = new ArrayList<>();
    private final List<Long> millis = new ArrayList<>();
    private int torn;
    private int failed;
    private int refused;
    private int fenceRestores;
    private long decisions;

    private Campaign(LoadedRun run, Consumer<String> log) {
        this.run = run;
        this.log = log;
    }

    /**
     * Runs a campaign.
     *
     * @param log hears a line for every restore
     */
    public static Result run(CampaignOptions options, Consumer<String> log) throws Exception {
        long began = System.nanoTime();
        log.accept("recording " + options.load().toSeconds() + " s of traffic: " + options);
        try (LoadedRun run = LoadedRun.record(options)) {
            if (!run.notes().isEmpty()) {
                log.accept(run.notes());
            }
            Campaign campaign = new Campaign(run, log);
            campaign.restoreAll(new Random(options.seed()), options.restores());
            List<Long> sorted = campaign.millis.stream().sorted().toList();
            return new Result(
                    options.restores(),
                    campaign.torn,
                    campaign.failed,
                    campaign.refused,
                    options.seed(),
                    options.postgres(),
                    options.coordinator().title(),
                    options.skewSeconds(),
                    run.clockSteps(),
                    run.failovers(),
                    run.fences(),
                    campaign.fenceRestores,
                    run.acknowledged().size(),
                    campaign.decisions,
                    sorted.isEmpty() ? 0 : sorted.get(sorted.size() / 2),
                    sorted.isEmpty() ? 0 : sorted.getLast(),
                    (System.nanoTime() - began) / 1_000_000,
                    campaign.complaints);
        }
    }

    private void restoreAll(Random random, int restores) throws Exception {
        List<RecoverableRange> ranges =
                new ChronicleReader(run.repository()).all().recoverableRanges();
        if (ranges.isEmpty()) {
            throw new IOException("nothing can be restored from the loaded run");
        }
        FenceTimes fences = FenceTimes.of(run.repository());
        log.accept("recoverable: " + ranges + ", " + fences.count() + " fences");
        for (int i = 1; i <= restores; i++) {
            Instant moment = moment(ranges, random);
            boolean fence = i % 2 == 0 && fences.before(moment, ranges);
            fenceRestores += fence ? 1 : 0;
            Target target = fence ? new Target.FenceBefore(moment) : new Target.Time(moment);
            long began = System.nanoTime();
            try {
                restore(i, target);
            } catch (IOException | SQLException e) {
                failed++;
                refused += e instanceof PlanRefusedException ? 1 : 0;
                complain("restore " + i + " to " + target + " failed: " + e.getMessage());
            }
            millis.add((System.nanoTime() - began) / 1_000_000);
            log.accept("restore %d of %d to %s: %d ms, %d torn, %d failed so far"
                    .formatted(i, restores, target, millis.getLast(), torn, failed));
        }
    }

    /** Any moment of the ranges, each as likely as another. */
    private static Instant moment(List<RecoverableRange> ranges, Random random) {
        long micros = (long) (random.nextDouble()
                * ranges.stream().mapToLong(Campaign::lengthMicros).sum());
        for (RecoverableRange range : ranges) {
            if (micros <= lengthMicros(range)) {
                return range.from().plus(micros, ChronoUnit.MICROS);
            }
            micros -= lengthMicros(range);
        }
        return ranges.getLast().to();
    }

    private static long lengthMicros(RecoverableRange range) {
        return ChronoUnit.MICROS.between(range.from(), range.to());
    }

    private void restore(int number, Target wanted) throws IOException, SQLException, InterruptedException {
        RestorePlan plan = new RestorePlanner(run.repository()).plan(wanted, PlanOptions.defaults());
        Instant moment = wanted instanceof Target.Time time ? time.moment() : plan.moment();
        boolean fence = wanted instanceof Target.FenceBefore;
        if (moment == null || (fence && !plan.grade().equals(Grade.EXTERNAL.toString()))) {
            throw new IOException("the grade is " + plan.grade() + ", the moment " + moment);
        }
        decisions += plan.shards().stream()
                .mapToInt(shard -> shard.decisions().size())
                .sum();
        RestoreOptions options = RestoreOptions.defaults()
                .withInvariants(
                        "postgres",
                        List.of(
                                Invariant.sum(
                                        "balances",
                                        "select sum(balance) from accounts",
                                        Long.toString(run.bank().total())),
                                Invariant.matched("transfers", "select id from transfers", 2)));
        Path target = run.directory().resolve("r" + number);
        try {
            RestoreReport report =
                    new ClusterRestore(run.repository()).execute(plan, target, options, ProgressListener.NONE);
            if (!report.proofs().held()) {
                failed++;
                complain("restore " + number + " to " + wanted + ": "
                        + report.proofs().failed());
                return;
            }
            try (RestoredCluster cluster = RestoredCluster.open(target, options)) {
                // a fence holds all that clients were told of before it, and nothing that they began after it
                check(number, moment, fence ? 0 : plan.epsilonMicros(), cluster);
            }
        } finally {
            TempDirs.delete(target);
        }
    }

    private void check(int number, Instant moment, long epsilonMicros, RestoredCluster cluster) throws SQLException {
        List<Connection> sessions = new ArrayList<>();
        try {
            for (String shard : cluster.shards()) {
                sessions.add(cluster.connection(shard, "postgres"));
            }
            List<String> wrong =
                    new ArrayList<>(BankCheck.of(run.bank(), sessions).violations());
            long micros = ChronoUnit.MICROS.between(Instant.EPOCH, moment);
            List<Acknowledged> before = run.acknowledged().stream()
                    .filter(each -> each.acknowledgedMicros() < micros - epsilonMicros)
                    .toList();
            BankCheck.missing(sessions, before).stream()
                    .limit(3)
                    .forEach(each -> wrong.add("acknowledged before and missing: " + each));
            List<Acknowledged> after = run.acknowledged().stream()
                    .filter(each -> each.begunMicros() > micros + epsilonMicros)
                    .toList();
            long expectedMissing = after.stream()
                    .mapToLong(each -> each.shard() == each.otherShard() ? 1 : 2)
                    .sum();
            long early = expectedMissing - BankCheck.missing(sessions, after).size();
            if (early != 0) {
                wrong.add(early + " transactions begun later are there");
            }
            if (!wrong.isEmpty()) {
                torn++;
                complain("restore " + number + " to " + moment + ": " + wrong);
            }
        } finally {
            for (Connection session : sessions) {
                session.close();
            }
        }
    }

    private void complain(String complaint) {
        log.accept(complaint);
        if (complaints.size() < COMPLAINTS_MAX) {
            complaints.add(complaint);
        }
    }
}
