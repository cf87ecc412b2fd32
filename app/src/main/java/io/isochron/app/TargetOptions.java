package io.isochron.app;

import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.Target;
import io.isochron.restore.PlanOptions;
import io.isochron.store.Membership;
import io.isochron.store.Repository;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that name the moment to go back to. */
final class TargetOptions {
    /** Kinds of targets. */
    enum Type {
        time,
        latest,
        before,
        after,
        point,
        lsn,
        fence
    }

    /** What is promised across shards. */
    enum GradeWanted {
        atomic,
        shard
    }

    @Option(
            names = "--target",
            paramLabel = "TARGET",
            description = {
                "A moment with zone or offset (2026-11-22T14:03:07Z); latest;",
                "before:SHARD:XID or after:SHARD:XID (just before or after a",
                "transaction); point:NAME (a restore point); fence:NUMBER,",
                "fence:latest or fence:before:MOMENT; lsn:a=0/5D1F2A8,b=0/4C00128",
                "(a position for every shard)."
            })
    @Nullable
    String target;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "time, latest, before, after, point, lsn or fence, so that --target need not say it.")
    @Nullable
    Type type;

    @Option(
            names = "--grade",
            paramLabel = "GRADE",
            description = "atomic (the default), or shard: each shard by itself, nothing promised across them.")
    GradeWanted grade = GradeWanted.atomic;

    /** The target over the shards that a repository knows. */
    Target target(Repository repository, Host host) throws AppException {
        if (type == Type.latest) {
            return new Target.Latest();
        }
        if (target == null) {
            throw new AppException(
                    ExitCode.USAGE, "no target is given", "name one with --target, for example --target latest.");
        }
        Type wanted = type;
        String prefix = wanted == null || wanted == Type.time ? "" : wanted + ":";
        Target parsed = Targets.parse(
                target.startsWith(prefix) ? target : prefix + target,
                Command.allShards(repository),
                repository.membership().periods().stream()
                        .map(Membership.Period::shards)
                        .toList(),
                host.zone());
        boolean fits = wanted == null
                || wanted
                        == switch (parsed) {
                            case Target.Time _ -> Type.time;
                            case Target.Latest _ -> Type.latest;
                            case Target.BeforeTransaction _ -> Type.before;
                            case Target.AfterTransaction _ -> Type.after;
                            case Target.NamedRestorePoint _ -> Type.point;
                            case Target.Positions _ -> Type.lsn;
                            case Target.AtFence _, Target.FenceBefore _ -> Type.fence;
                        };
        if (!fits) {
            throw new AppException(
                    ExitCode.USAGE,
                    "target '" + target + "' is not of type " + type,
                    "leave --type out, or write the target in the form of that type.");
        }
        return parsed;
    }

    /** How the cut is looked for. */
    PlanOptions options(Dialect dialect) {
        return new PlanOptions(dialect, grade == GradeWanted.shard);
    }
}
