package io.isochron.restore;

import io.isochron.instance.PostgresInstallation;
import io.isochron.instance.RunAs;
import io.isochron.store.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Everything that can be known to go wrong before a byte is written. */
final class Preflight {

    private final Repository repository;
    private final RestorePlan plan;
    private final RestoreOptions options;

    Preflight(Repository repository, RestorePlan plan, RestoreOptions options) {
        this.repository = repository;
        this.plan = plan;
        this.options = options;
    }

    void check(TargetDirectory target) throws IOException {
        if (!repository.cluster().id().toString().equals(plan.clusterId())) {
            throw new RestoreRefusedException(
                    "plan " + plan.id() + " is for cluster " + plan.clusterName() + " (" + plan.clusterId()
                            + "), the repository is of cluster "
                            + repository.cluster().name() + " ("
                            + repository.cluster().id() + ")",
                    "carry the plan out with the repository it was made from");
        }
        for (ShardPlan shard : plan.shards()) {
            if (!shard.shard().matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
                throw new RestoreRefusedException(
                        "shard name '" + shard.shard() + "' cannot be a directory's name",
                        "name shards with letters, digits, '_', '.', '-'");
            }
            PostgresInstallation.find(shard.postgresMajor(), options.postgresBin());
        }
        boolean resumed = target.admit(plan.id(), plan.requiredBytes()).isPresent();
        requireReachable(target.path());
        if (!resumed) {
            requireSources();
        }
    }

    /** The snapshot must exist and the WAL be archived without a hole now, not only when the plan was made. */
    private void requireSources() throws IOException {
        for (ShardPlan shard : plan.shards()) {
            repository.snapshots().open(shard.snapshotId()).info().shard(shard.shard());
            for (TimelineStep step : shard.steps()) {
                long reached = repository
                        .wal()
                        .contiguousEnd(
                                shard.shard(), step.timeline(), step.start().value());
                if (Long.compareUnsigned(reached, step.end().value()) < 0) {
                    throw new RestoreRefusedException(
                            "WAL of shard " + shard.shard() + " on timeline " + step.timeline() + " is archived up to "
                                    + new io.isochron.wal.Lsn(reached) + " only, the plan needs " + step.end(),
                            "it was there when the plan was made; run verify");
                }
            }
        }
    }

    /** When this program is root, servers run as another user, who must be able to come to the target. */
    private static void requireReachable(Path target) throws IOException {
        RunAs runAs = RunAs.current();
        if (!runAs.dropsPrivileges()) {
            return;
        }
        Path existing = target;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        Process test = new ProcessBuilder(runAs.command(java.util.List.of("/usr/bin/test", "-x", existing.toString())))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (test.waitFor() != 0) {
                throw new RestoreRefusedException(
                        "user " + runAs.user() + ", who runs the restored servers, cannot reach " + existing,
                        "choose a target that every directory above lets him pass to, such as one under /var/lib or /tmp");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
