package io.isochron.demo;

import io.isochron.capture.BackupOptions;
import io.isochron.capture.BackupProgress;
import io.isochron.capture.SnapshotService;
import io.isochron.capture.SnapshotSummary;
import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.Incident;
import io.isochron.chronicle.IncidentFinder;
import io.isochron.handover.Backfill;
import io.isochron.handover.BackfillOptions;
import io.isochron.handover.BackfillReport;
import io.isochron.handover.HandoverProgress;
import io.isochron.handover.ShardPair;
import io.isochron.handover.TableName;
import io.isochron.handover.TupleSet;
import io.isochron.restore.ChronicleReader;
import io.isochron.restore.ClusterRestore;
import io.isochron.restore.DeletedTuples;
import io.isochron.restore.Invariant;
import io.isochron.restore.PhaseTime;
import io.isochron.restore.PlanOptions;
import io.isochron.restore.Proof;
import io.isochron.restore.RestoreOptions;
import io.isochron.restore.RestorePhase;
import io.isochron.restore.RestorePlan;
import io.isochron.restore.RestorePlanner;
import io.isochron.restore.RestoreReport;
import io.isochron.restore.RestoredCluster;
import io.isochron.restore.SchemaListing;
import java.io.IOException;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The story. One object plays it once. */
public final class Demo {
    private static final Duration WARM_UP = Duration.ofSeconds(4);
    private static final Duration BETWEEN = Duration.ofSeconds(4);
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final DemoOptions options;
    private final DemoListener out;
    private final PhaseClock clock = new PhaseClock();
    private final List<DemoReport.Check> checks = new ArrayList<>();

    private Demo(DemoOptions options, DemoListener out) {
        this.options = options;
        this.out = out;
    }

    /**
     * Plays the demo.
     *
     * @return what happened; {@link DemoReport#held} says whether every proof held
     * @throws Exception if a step could not be carried out; everything that was started has been stopped then
     */
    public static DemoReport run(DemoOptions options, DemoListener out) throws Exception {
        Demo demo = new Demo(options, out);
        try (Stage stage = new Stage(options)) {
            return demo.play(stage);
        }
    }

    private DemoReport play(Stage stage) throws Exception {
        out.chapter("Production");
        out.progress("starting " + options.shards() + " shards");
        clock.time("start production", () -> run(stage::startProduction));
        out.say("%d PostgreSQL %d shards, %,d accounts, all balances together %,d"
                .formatted(
                        options.shards(),
                        options.postgresMajor(),
                        options.shards() * 1000,
                        stage.bank().total()));
        clock.time("start capture", () -> run(stage::startCapture));
        out.say("capture streams every shard into an encrypted repository");
        stage.startTraffic();
        out.say("clients transfer money across shards in two phases, at full speed, from now to the end");
        Thread.sleep(WARM_UP);

        out.chapter("Protection");
        SnapshotSummary snapshot = clock.time(
                "snapshot under load",
                () -> SnapshotService.backup(
                        stage.shardSources(), stage.repository(), BackupOptions.defaults(), this::backupProgress));
        out.say("snapshot %s of all shards in %.1f s, under load"
                .formatted(snapshot.snapshot().id(), snapshot.total().toMillis() / 1000.0));
        Parallel.forEach(stage.shardNumbers(), shard -> {
            try (Connection connection = stage.production().administrator(shard)) {
                SchemaChanges.apply(connection);
            }
        });
        out.say("schema changes: " + SchemaChanges.describe());
        Map<String, SchemaListing> schemas = schemas(stage);
        Thread.sleep(BETWEEN);

        out.chapter("Incident");
        BadDeploy.Damage damage = BadDeploy.run(stage.sources());
        long committedBefore = stage.traffic().counts().committed();
        out.say("a bad deploy deletes %,d rows of %s on all shards in one transaction; traffic goes on"
                .formatted(damage.rows(), BadDeploy.TABLE));
        Thread.sleep(BETWEEN);

        out.chapter("Recovery");
        long decision = System.nanoTime();
        Found found = clock.time("find the incident", () -> find(stage, damage));
        RestorePlan plan = clock.time("compute the cut and plan", () -> plan(stage, found));
        RestoreOptions how = RestoreOptions.defaults()
                .withPostgresBin(io.isochron.instance.EmbeddedBinaries.installation(options.postgresMajor())
                        .bin())
                .withInvariants(ProductionShards.DATABASE, invariants(stage))
                .withExpectedSchemas(schemas);
        RestoreReport restore = clock.time(
                "restore and prove",
                () -> new ClusterRestore(stage.repository())
                        .execute(
                                plan,
                                stage.restoredDirectory(),
                                how,
                                progress -> out.progress(progress.activity() + " " + progress.shard())));
        long rtoMillis = millisSince(decision);
        out.say("isolated copy restored and proven %.1f s after the decision".formatted(rtoMillis / 1000.0));
        for (Proof proof : restore.proofs().proofs()) {
            check(proof.name() + " (" + proof.subject() + ")", proof.outcome() == Proof.Outcome.HELD, proof.detail());
        }

        try (RestoredCluster restored = RestoredCluster.open(stage.restoredDirectory(), how)) {
            Instant moment = Objects.requireNonNull(plan.moment());
            clock.time(
                    "check against what clients were told",
                    () -> run(() -> {
                        try (Sessions sessions = Sessions.restored(restored)) {
                            checks.addAll(BankChecks.restored(
                                    stage.bank(),
                                    sessions.all(),
                                    stage.traffic().acknowledged(),
                                    moment,
                                    plan.epsilonMicros()));
                            checks.add(BankChecks.deletedRowsAreThere(sessions.all(), damage));
                        }
                    }));
            BackfillReport backfill = clock.time("back-fill under traffic", () -> backfill(stage, restored, found));
            long backMillis = millisSince(decision);
            long meanwhile = stage.traffic().counts().committed() - committedBefore;
            long back = backfill.total(BackfillReport.ShardResult::inserted);
            long conflicts = backfill.total(BackfillReport.ShardResult::conflicts)
                    + backfill.total(BackfillReport.ShardResult::presentMeanwhile);
            out.say("%,d rows are back in production".formatted(back));
            check(
                    "every deleted row was given back",
                    back + backfill.total(BackfillReport.ShardResult::presentMeanwhile) == damage.rows(),
                    "%,d deleted, %,d given back".formatted(damage.rows(), back));
            Thread.sleep(Duration.ofSeconds(1));

            out.chapter("Production afterwards");
            stage.traffic().pause();
            try (Sessions sessions = Sessions.live(stage)) {
                checks.addAll(BankChecks.live(
                        stage.bank(), sessions.all(), stage.traffic().acknowledged()));
            }
            stage.traffic().resume();
            return new DemoReport(
                    options.shards(),
                    "PostgreSQL " + options.postgresMajor(),
                    options.seed(),
                    new DemoReport.Incident(
                            found.table(),
                            found.incident().rowsDeleted(),
                            found.rowsByShard(stage),
                            found.incident().earliestCommit(),
                            Objects.requireNonNullElse(found.incident().globalTransaction(), "of one shard")),
                    new DemoReport.Restored(
                            moment,
                            plan.grade(),
                            plan.epsilonMicros(),
                            plan.shards().stream()
                                    .mapToInt(shard -> shard.decisions().size())
                                    .sum(),
                            restore.fetchedBytes(),
                            restore.replayedBytes()),
                    new DemoReport.GivenBack(back, conflicts, meanwhile),
                    new DemoReport.Objectives(stage.rpo().worstMillis(), rtoMillis, backMillis),
                    phases(restore),
                    checks,
                    options.keep() == null ? null : stage.directory());
        }
    }

    /** What was found, and in what it was found. */
    private record Found(Incident incident, ClusterHistory history, String table) {
        List<Long> rowsByShard(Stage stage) {
            return stage.shardNumbers().stream()
                    .map(ProductionShards::name)
                    .map(name -> incident.parts().stream()
                            .filter(part -> part.shard().equals(name))
                            .flatMap(part -> part.tables().stream())
                            .mapToLong(Incident.TableEffect::deleted)
                            .sum())
                    .toList();
        }
    }

    /** Looks for the most suspicious transaction of the last minutes, as somebody would who knows only that something broke. */
    private Found find(Stage stage, BadDeploy.Damage damage) throws IOException, InterruptedException {
        ChronicleReader chronicle = new ChronicleReader(stage.repository());
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            ClusterHistory history = chronicle.all();
            // before that, the branches of some shards may be archived and those of others not
            boolean whole = history.latestMoment()
                    .filter(latest -> latest.isAfter(damage.committed()))
                    .isPresent();
            List<Incident> suspects = whole ? new IncidentFinder(history, Dialect.xa()).find(1) : List.of();
            if (!suspects.isEmpty() && suspects.getFirst().rowsDeleted() > 0) {
                Incident incident = suspects.getFirst();
                Incident.TableEffect effect = incident.effects().stream()
                        .max(java.util.Comparator.comparingLong(Incident.TableEffect::deleted))
                        .orElseThrow();
                Found found = new Found(incident, history, effect.table());
                out.say("found in the WAL: %,d rows deleted from %s on %d shards at %s, transaction %s"
                        .formatted(
                                incident.rowsDeleted(),
                                effect.table(),
                                incident.parts().size(),
                                incident.earliestCommit(),
                                incident.globalTransaction()));
                check(
                        "the incident was found as it happened",
                        found.rowsByShard(stage).equals(damage.rowsByShard()),
                        "rows by shard in the WAL %s, as the release counted them %s"
                                .formatted(found.rowsByShard(stage), damage.rowsByShard()));
                return found;
            }
            if (System.nanoTime() > deadline) {
                throw new IOException("the incident is not in the chronicle after " + PATIENCE.toSeconds() + " s");
            }
            Thread.sleep(50);
        }
    }

    /** The plan for the moment just before; the horizon behind the incident may have to be archived first. */
    private RestorePlan plan(Stage stage, Found found) throws IOException, InterruptedException {
        RestorePlanner planner = new RestorePlanner(stage.repository());
        RestorePlan plan = planner.plan(found.incident().before(), PlanOptions.defaults());
        out.say("cut of grade %s just before it, ±%.3f ms, %s of WAL to replay"
                .formatted(plan.grade(), plan.epsilonMicros() / 1000.0, ReportText.mib(plan.replayBytes())));
        return plan;
    }

    private BackfillReport backfill(Stage stage, RestoredCluster restored, Found found) throws Exception {
        Map<String, TupleSet> damaged = new HashMap<>();
        for (Incident.Part part : found.incident().parts()) {
            TupleSet.Builder tuples = new TupleSet.Builder();
            DeletedTuples.scan(
                    stage.repository(),
                    found.history(),
                    part,
                    (relation, block, offset) ->
                            tuples.add(Integer.toUnsignedLong(relation.fileNumber()), block, offset));
            damaged.put(part.shard(), tuples.build());
        }
        List<ShardPair> pairs = stage.shardNumbers().stream()
                .map(shard -> new ShardPair(
                        ProductionShards.name(shard),
                        () -> restored.connection(ProductionShards.name(shard), ProductionShards.DATABASE),
                        () -> stage.production().administrator(shard)))
                .toList();
        TableName table = TableName.parse(found.table());
        BackfillOptions dry = BackfillOptions.dryRun().withOnlyDamaged(damaged);
        BackfillReport expected = Backfill.run(pairs, table, dry, HandoverProgress.NONE);
        out.say("dry run: %,d rows would come back".formatted(expected.total(BackfillReport.ShardResult::inserted)));
        return Backfill.run(
                pairs,
                table,
                dry.withApply(true),
                (shard, done, of) -> out.progress("back-fill " + shard + " " + done));
    }

    private List<Invariant> invariants(Stage stage) {
        return List.of(
                Invariant.sum(
                        "balances add up",
                        "select sum(balance) from accounts",
                        Long.toString(stage.bank().total())),
                Invariant.matched("transfers on both sides", "select id from transfers", 2));
    }

    private Map<String, SchemaListing> schemas(Stage stage) throws Exception {
        Map<String, SchemaListing> schemas = new HashMap<>();
        for (int shard : stage.shardNumbers()) {
            try (Connection connection = stage.production().administrator(shard)) {
                schemas.put(ProductionShards.name(shard), SchemaListing.read(connection));
            }
        }
        return schemas;
    }

    /** The demo's own phases; the restore is told in its own, the slowest shard of each. */
    private List<DemoReport.Phase> phases(RestoreReport restore) {
        List<DemoReport.Phase> phases = new ArrayList<>();
        for (PhaseClock.Phase phase : clock.phases()) {
            phases.add(new DemoReport.Phase(phase.name(), phase.millis()));
            if (phase.name().equals("restore and prove")) {
                for (RestorePhase each : RestorePhase.values()) {
                    restore.phases().stream()
                            .filter(time -> time.phase() == each)
                            .mapToLong(PhaseTime::millis)
                            .max()
                            .ifPresent(millis -> phases.add(new DemoReport.Phase(
                                    "  until " + each.name().toLowerCase(java.util.Locale.ROOT), millis)));
                }
            }
        }
        return phases;
    }

    private void check(String name, boolean held, String detail) {
        checks.add(new DemoReport.Check(name, held, detail));
    }

    private void backupProgress(BackupProgress progress) {
        out.progress("snapshot of " + progress.shard() + ": "
                + progress.phase().name().toLowerCase(java.util.Locale.ROOT) + " "
                + ReportText.mib(progress.doneBytes()));
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }

    private interface Step {
        void run() throws Exception;
    }

    private static boolean run(Step step) throws Exception {
        step.run();
        return true;
    }
}
