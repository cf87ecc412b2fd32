package io.isochron.app;

import io.isochron.chronicle.Target;
import java.time.ZoneId;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what {@code --target} says. */
final class Targets {
    private static final Pattern BEFORE = Pattern.compile("before:(.+):(\\d{1,10})");

    private Targets() {}

    /** A moment with zone or offset, {@code latest}, or {@code before:<shard>:<xid>}. */
    static Target parse(String text, Collection<String> shards, ZoneId local) throws AppException {
        if (text.equals("latest")) {
            return new Target.Latest();
        }
        if (!text.startsWith("before:")) {
            return new Target.Time(Moments.parse(text, local));
        }
        Matcher matcher = BEFORE.matcher(text);
        long xid = matcher.matches() ? Long.parseLong(matcher.group(2)) : -1;
        if (xid < 3 || xid > 0xFFFF_FFFFL) {
            throw new AppException(
                    ExitCode.USAGE,
                    "'" + text + "' names no transaction",
                    "write before:<shard>:<xid>, as `isochron find` shows it.");
        }
        String shard = matcher.group(1);
        if (!shards.contains(shard)) {
            throw new AppException(
                    ExitCode.USAGE,
                    "'" + text + "' names shard " + shard + ", which the cluster does not have",
                    Nearest.to(shard, shards)
                            .map(near -> "did you mean before:" + near + ":" + xid + "?")
                            .orElse("the shards are " + String.join(", ", shards) + "."));
        }
        return new Target.BeforeTransaction(shard, (int) xid);
    }
}
