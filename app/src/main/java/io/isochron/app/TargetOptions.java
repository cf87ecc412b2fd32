package io.isochron.app;

import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.Target;
import io.isochron.restore.PlanOptions;
import io.isochron.wal.Lsn;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that name the moment to go back to. */
final class TargetOptions {
    /** Kinds of targets. */
    enum Type {
        time,
        latest,
        before,
        lsn
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
                "A moment with zone or offset (2026-11-22T14:03:07Z), `latest`,",
                "before:SHARD:XID (the moment just before a transaction), or with",
                "--type lsn a position for every shard (a=0/5D1F2A8,b=0/4C00128)."
            })
    @Nullable
    String target;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "time, latest, before or lsn. Default: what --target looks like.")
    @Nullable
    Type type;

    @Option(
            names = "--grade",
            paramLabel = "GRADE",
            description = "atomic (the default), or shard: each shard by itself, nothing promised across them.")
    GradeWanted grade = GradeWanted.atomic;

    Target target(List<String> shards, Host host) throws AppException {
        if (type == Type.latest) {
            return new Target.Latest();
        }
        if (target == null) {
            throw new AppException(
                    ExitCode.USAGE, "no target is given", "name one with --target, for example --target latest.");
        }
        if (type == Type.lsn) {
            return positions(target, shards);
        }
        Target parsed = Targets.parse(
                type == Type.before && !target.startsWith("before:") ? "before:" + target : target,
                shards,
                host.zone());
        boolean fits = type == null
                || switch (parsed) {
                    case Target.Time _ -> type == Type.time;
                    case Target.BeforeTransaction _ -> type == Type.before;
                    case Target.Latest _ -> false;
                    case Target.Positions _, Target.Fence _ -> false;
                };
        if (!fits) {
            throw new AppException(
                    ExitCode.USAGE,
                    "target '" + target + "' is not of type " + type,
                    "leave --type out, or write the target in the form of that type.");
        }
        return parsed;
    }

    PlanOptions options(Dialect dialect) {
        return new PlanOptions(dialect, grade == GradeWanted.shard);
    }

    private static Target positions(String text, List<String> shards) throws AppException {
        Map<String, Lsn> positions = new HashMap<>();
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            String shard = equals < 0 ? "" : part.substring(0, equals).strip();
            if (!shards.contains(shard)) {
                throw wrongPositions(text, shards);
            }
            try {
                positions.put(shard, Lsn.parse(part.substring(equals + 1).strip()));
            } catch (IllegalArgumentException e) {
                throw new AppException(
                        ExitCode.USAGE,
                        "position of shard " + shard + ": " + e.getMessage(),
                        "write it like 16/B374D848.");
            }
        }
        if (!positions.keySet().containsAll(shards)) {
            throw wrongPositions(text, shards);
        }
        return Target.Positions.of(positions);
    }

    private static AppException wrongPositions(String text, List<String> shards) {
        return new AppException(
                ExitCode.USAGE,
                "'" + text + "' does not name a position for every shard",
                "write " + String.join(",", shards.stream().map(s -> s + "=0/0").toList())
                        + " with the positions wanted.");
    }
}
