package io.isochron.app;

import io.isochron.chronicle.Target;
import io.isochron.wal.Lsn;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what {@code --target} says. */
final class Targets {
    private static final Pattern TRANSACTION = Pattern.compile("(before|after):(.+):(\\d{1,10})");
    private static final Pattern FENCE_BEFORE = Pattern.compile("fence:before[: ](.+)");

    private Targets() {}

    /**
     * A moment with zone or offset, {@code latest}, {@code before:<shard>:<xid>}, {@code after:<shard>:<xid>}, {@code point:<name>},
     * {@code lsn:<shard>=<lsn>,...}, {@code fence:<number>}, {@code fence:latest} or {@code fence:before:<moment>}.
     */
    static Target parse(String text, Collection<String> shards, ZoneId local) throws AppException {
        return parse(text, shards, List.of(shards), local);
    }

    /** @param together the shards that were members of the cluster at once, a collection for each time; positions are given for one of them */
    static Target parse(
            String text, Collection<String> shards, List<? extends Collection<String>> together, ZoneId local)
            throws AppException {
        if (text.equals("latest")) {
            return new Target.Latest();
        }
        if (text.startsWith("before:") || text.startsWith("after:")) {
            return transaction(text, shards);
        }
        if (text.startsWith("lsn:")) {
            return positions(text.substring("lsn:".length()), shards, together);
        }
        if (text.startsWith("point:")) {
            return restorePoint(text.substring("point:".length()));
        }
        return text.startsWith("fence:") ? fence(text, local) : new Target.Time(Moments.parse(text, local));
    }

    private static Target transaction(String text, Collection<String> shards) throws AppException {
        Matcher matcher = TRANSACTION.matcher(text);
        String side = text.substring(0, text.indexOf(':'));
        long xid = matcher.matches() ? Long.parseLong(matcher.group(3)) : -1;
        if (xid < 3 || xid > 0xFFFF_FFFFL) {
            throw new AppException(
                    ExitCode.USAGE,
                    "'" + text + "' names no transaction",
                    "write " + side + ":<shard>:<xid>, as `isochron find` shows it.");
        }
        String shard = matcher.group(2);
        if (!shards.contains(shard)) {
            throw new AppException(
                    ExitCode.USAGE,
                    "'" + text + "' names shard " + shard + ", which the cluster does not have",
                    Nearest.to(shard, shards)
                            .map(near -> "did you mean " + side + ":" + near + ":" + xid + "?")
                            .orElse("the shards are " + String.join(", ", shards) + "."));
        }
        return side.equals("before")
                ? new Target.BeforeTransaction(shard, (int) xid)
                : new Target.AfterTransaction(shard, (int) xid);
    }

    static Target restorePoint(String name) throws AppException {
        if (name.isBlank()) {
            throw new AppException(
                    ExitCode.USAGE,
                    "'point:' names no restore point",
                    "write point:<name>, the name given to pg_create_restore_point.");
        }
        return new Target.NamedRestorePoint(name);
    }

    private static Target fence(String text, ZoneId local) throws AppException {
        String what = text.substring("fence:".length());
        if (what.equals("latest")) {
            return new Target.FenceBefore(Instant.now());
        }
        Matcher before = FENCE_BEFORE.matcher(text);
        if (before.matches()) {
            return new Target.FenceBefore(Moments.parse(before.group(1), local));
        }
        try {
            long id = Long.parseLong(what);
            if (id >= 0) {
                return new Target.AtFence(id);
            }
        } catch (NumberFormatException _) {
            // said below
        }
        throw new AppException(
                ExitCode.USAGE,
                "'" + text + "' names no fence",
                "write fence:<number>, fence:latest, or fence:before:<moment>.");
    }

    /** {@code a=0/5D1F2A8,b=0/4C00128}: a position for every shard. */
    private static Target positions(String text, Collection<String> shards, List<? extends Collection<String>> together)
            throws AppException {
        Map<String, Lsn> positions = new HashMap<>();
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            String shard = equals < 0 ? "" : part.substring(0, equals).strip();
            if (!shards.contains(shard)) {
                throw wrongPositions(text, together.getLast());
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
        if (together.stream().noneMatch(members -> Set.copyOf(members).equals(positions.keySet()))) {
            throw wrongPositions(text, together.getLast());
        }
        return Target.Positions.of(positions);
    }

    private static AppException wrongPositions(String text, Collection<String> shards) {
        return new AppException(
                ExitCode.USAGE,
                "'" + text + "' does not name a position for every shard",
                "write lsn:"
                        + String.join(",", shards.stream().map(s -> s + "=0/0").toList())
                        + " with the positions wanted.");
    }
}
