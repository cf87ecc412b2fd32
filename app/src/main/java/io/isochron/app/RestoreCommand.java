package io.isochron.app;

import io.isochron.chronicle.Target;
import io.isochron.restore.ClusterRestore;
import io.isochron.restore.RestoreOptions;
import io.isochron.restore.RestorePlan;
import io.isochron.restore.RestorePlanner;
import io.isochron.restore.RestoreProgress;
import io.isochron.restore.RestoreReport;
import io.isochron.restore.RestoredCluster;
import io.isochron.restore.SnapshotChoice;
import io.isochron.store.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Restores the cluster to a moment, in isolation, and proves it. */
@picocli.CommandLine.Command(
        name = "restore",
        description =
                "Restores the cluster to a moment into an empty directory, isolated and read-only, and proves it.",
        sortOptions = false,
        footer = {
            "",
            "Whatever can be refused is refused before a byte is written. A restore that was stopped or",
            "killed goes on when the same command is given again. The restored servers run on when it",
            "ends, reachable by Unix socket only; `isochron restored DIRECTORY --stop` stops them.",
            "",
            "Example:",
            "  isochron restore --target 2026-11-22T14:03:07Z --to /var/lib/isochron/rewound",
            "  isochron restore --plan incident.plan --to /var/lib/isochron/rewound"
        })
final class RestoreCommand extends Command {
    private final Cancellation cancellation;

    @Mixin
    TargetOptions target = new TargetOptions();

    @Mixin
    SnapshotOptions snapshots = new SnapshotOptions();

    @Option(names = "--plan", paramLabel = "FILE", description = "Carry out a plan that `plan --save` wrote.")
    @Nullable
    Path plan;

    @Option(
            names = "--to",
            paramLabel = "DIRECTORY",
            required = true,
            description = "Where to: empty or not there yet.")
    Path to = Path.of("");

    @Option(names = "--parallel", paramLabel = "N", description = "Pieces of a shard fetched at once. Default: 2.")
    int parallel = 2;

    @Option(names = "--no-row-counts", description = "Do not count all rows (saves reading every table twice).")
    boolean noRowCounts;

    @Option(names = "--no-page-checks", description = "Do not run amcheck (saves reading everything once).")
    boolean noPageChecks;

    @Option(names = "--stop", description = "Stop the restored servers when everything is proven.")
    boolean stop;

    RestoreCommand(Host host, Cancellation cancellation) {
        super(host);
        this.cancellation = cancellation;
    }

    @Override
    ExitCode run() throws AppException, IOException {
        if ((plan == null) == (target.target == null && target.type == null)) {
            throw new AppException(
                    ExitCode.USAGE,
                    plan == null ? "neither --target nor --plan is given" : "both --target and --plan are given",
                    "name the moment with --target, or a saved plan with --plan.");
        }
        if (plan != null && snapshots.given()) {
            throw new AppException(
                    ExitCode.USAGE,
                    "--plan is given with --snapshot or --without-snapshot",
                    "a plan says which snapshot it begins from: make another one with `isochron plan`.");
        }
        Repository repository = repository();
        Path directory = host.directory().resolve(to);
        RestoreOptions options = options(
                config(),
                parallel,
                !noRowCounts,
                !noPageChecks,
                settings(config().shards().getFirst()).database());
        begin(repository);
        RestorePlan chosen = chosen(repository, directory);
        ClusterRestore restore = new ClusterRestore(repository);
        cancellation.onRequest(restore::cancel);
        RestoreReport report;
        try (Progress progress = progress()) {
            progress.step("plan " + chosen.id() + ": " + chosen.target() + ", grade " + chosen.grade() + ", "
                    + Units.bytes(chosen.fetchBytes()) + " to fetch, " + Units.bytes(chosen.replayBytes())
                    + " to replay");
            chosen.passedOver().forEach(passed -> progress.step("passed over: " + passed));
            Map<String, RestoreProgress> latest = new TreeMap<>();
            report = restore.execute(chosen, directory, options, now -> {
                synchronized (latest) {
                    latest.put(now.shard(), now);
                    progress.show(line(latest, now));
                }
            });
        }
        if (stop) {
            RestoredCluster.open(directory, options).stop();
        }
        resultWithStores(ReportText.json(chosen, report), ReportText.text(chosen, report, config().objectives(), stop));
        return report.proofs().held() ? ExitCode.OK : ExitCode.PROOF_FAILED;
    }

    /** The saved plan, the plan of this target's own unfinished restore, or a new one. */
    private RestorePlan chosen(Repository repository, Path directory) throws AppException, IOException {
        if (plan != null) {
            return RestorePlan.fromJson(Files.readAllBytes(host.directory().resolve(plan)));
        }
        Target wanted = target.target(repository, host);
        SnapshotChoice choice = snapshots.choice(repository, copies());
        Optional<RestorePlan> unfinished = ClusterRestore.unfinished(directory);
        if (unfinished.isPresent() && unfinished.get().target().equals(RestorePlanner.describe(wanted))) {
            if (!choice.allows(unfinished.get())) {
                throw new AppException(
                        ExitCode.REFUSED,
                        "the restore that was begun in " + directory + " is from other snapshots than --snapshot and"
                                + " --without-snapshot allow",
                        "restore into another directory.");
            }
            return unfinished.get();
        }
        return new RestorePlanner(repository)
                .plan(wanted, target.options(dialect()).withSnapshots(choice));
    }

    static RestoreOptions options(Config config, int parallel, boolean rows, boolean pages, String database) {
        RestoreOptions defaults = RestoreOptions.defaults();
        return new RestoreOptions(
                config.postgresBin(),
                defaults.superuser(),
                database,
                parallel,
                defaults.sharedBuffersMiB(),
                rows,
                pages,
                config.invariants(),
                Map.of());
    }

    private static String line(Map<String, RestoreProgress> latest, RestoreProgress now) {
        StringBuilder line = new StringBuilder();
        for (RestoreProgress shard : latest.values()) {
            line.append(line.isEmpty() ? "" : "  ")
                    .append(shard.shard())
                    .append(' ')
                    .append(shard.activity());
            if (shard.totalBytes() > 0) {
                line.append(' ')
                        .append(100 * shard.doneBytes() / shard.totalBytes())
                        .append('%');
            }
        }
        if (now.remainingMillis() >= 0) {
            line.append("  about ").append(Units.millis(now.remainingMillis())).append(" left");
        }
        return line.toString();
    }
}
