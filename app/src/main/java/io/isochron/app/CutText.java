package io.isochron.app;

import io.isochron.chronicle.Cut;
import io.isochron.chronicle.Decision;
import io.isochron.chronicle.Event;
import io.isochron.chronicle.LateCommit;
import io.isochron.chronicle.Lowering;
import io.isochron.chronicle.ShardBoundary;
import io.isochron.restore.RestorePlanner;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows a cut. */
final class CutText {
    private CutText() {}

    static List<String> text(Cut cut, String cluster) {
        List<String> lines = new ArrayList<>();
        lines.add("cut of cluster " + cluster + " for " + RestorePlanner.describe(cut.target()));
        lines.add("moment      " + cut.moment());
        lines.add("grade       " + cut.grade() + ": " + cut.gradeReason());
        lines.add("dialect     " + cut.dialect());
        lines.add("");
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("SHARD", "BOUNDARY", "TIMELINE", "", "XID", "AT", "COMMIT RECORD", "GID"));
        for (ShardBoundary boundary : cut.boundaries()) {
            table.add(row(
                    boundary.shard(),
                    boundary.lsn().toString(),
                    Integer.toUnsignedString(boundary.timeline()),
                    "last inside",
                    boundary,
                    boundary.lastInside()));
            table.add(row("", "", "", "first outside", boundary, boundary.firstOutside()));
        }
        lines.addAll(Output.table(table));
        for (ShardBoundary boundary : cut.boundaries()) {
            for (Lowering lowering : boundary.lowerings()) {
                lines.add("shard " + boundary.shard() + " was moved back from " + lowering.from() + " to "
                        + lowering.to() + " (" + lowering.byMicros() + " µs): transaction '" + lowering.gid()
                        + "' was not prepared on shard " + lowering.missingShard());
            }
        }
        lines.add("");
        lines.add("in doubt    "
                + (cut.decisions().isEmpty() ? "nothing" : cut.decisions().size()));
        for (Decision decision : cut.decisions()) {
            lines.add("  " + decision.shard() + "  "
                    + (decision.action() == Decision.Action.COMMIT ? "commit   " : "roll back") + "  '"
                    + decision.gid() + "' (xid " + Integer.toUnsignedString(decision.xid()) + ", prepared up to "
                    + decision.prepareEnd() + "): " + decision.reason());
        }
        if (!cut.lateCommits().isEmpty()) {
            lines.add("commits at or before the moment that lie behind their shard's boundary and are left out:");
            for (LateCommit late : cut.lateCommits()) {
                lines.add("  " + RestorePlanner.describe(late));
            }
        }
        if (!cut.unknownGids().isEmpty()) {
            lines.add("gids of no known coordinator, each taken as a transaction of its own: "
                    + String.join(", ", cut.unknownGids()));
        }
        cut.notes().forEach(note -> lines.add("note: " + note));
        return lines;
    }

    private static List<String> row(
            String shard, String lsn, String timeline, String side, ShardBoundary boundary, @Nullable Event event) {
        if (event == null) {
            return List.of(shard, lsn, timeline, side, "-", "none in what was read", "", "");
        }
        String gid = event.gid();
        return List.of(
                shard,
                lsn,
                timeline,
                side,
                Integer.toUnsignedString(event.xid()),
                corrected(boundary, event).toString(),
                event.start().toString(),
                gid == null ? "" : gid);
    }

    /** A commit's time in reference time, by the bounds of the shard's clock at the moment of the cut. */
    private static Instant corrected(ShardBoundary boundary, Event event) {
        return Instant.EPOCH.plus(event.timeMicros() - boundary.clock().offsetMicros(), ChronoUnit.MICROS);
    }

    static Map<String, @Nullable Object> json(Cut cut, String cluster) {
        List<Object> shards = new ArrayList<>();
        for (ShardBoundary boundary : cut.boundaries()) {
            List<Object> lowerings = new ArrayList<>();
            for (Lowering lowering : boundary.lowerings()) {
                lowerings.add(Json.object(
                        "from", lowering.from(),
                        "to", lowering.to(),
                        "byMicros", lowering.byMicros(),
                        "gid", lowering.gid(),
                        "xid", Integer.toUnsignedLong(lowering.xid()),
                        "missingShard", lowering.missingShard()));
            }
            shards.add(Json.object(
                    "shard", boundary.shard(),
                    "boundary", boundary.lsn(),
                    "timeline", Integer.toUnsignedLong(boundary.timeline()),
                    "lastInside", event(boundary, boundary.lastInside()),
                    "firstOutside", event(boundary, boundary.firstOutside()),
                    "clockOffsetLowMicros", boundary.clock().offsetLowMicros(),
                    "clockOffsetHighMicros", boundary.clock().offsetHighMicros(),
                    "movedBack", lowerings));
        }
        List<Object> decisions = new ArrayList<>();
        for (Decision decision : cut.decisions()) {
            decisions.add(Json.object(
                    "shard", decision.shard(),
                    "gid", decision.gid(),
                    "xid", Integer.toUnsignedLong(decision.xid()),
                    "prepareEnd", decision.prepareEnd(),
                    "commit", decision.action() == Decision.Action.COMMIT,
                    "reason", decision.reason()));
        }
        List<Object> late = new ArrayList<>();
        for (LateCommit one : cut.lateCommits()) {
            late.add(Json.object(
                    "shard",
                    one.shard(),
                    "xid",
                    Integer.toUnsignedLong(one.event().xid()),
                    "at",
                    Instant.EPOCH.plus(one.correctedMicros(), ChronoUnit.MICROS),
                    "why",
                    one.why().name().toLowerCase(Locale.ROOT),
                    "keptByDecision",
                    one.keptByDecision()));
        }
        return Json.object(
                "cluster", cluster,
                "target", RestorePlanner.describe(cut.target()),
                "moment", cut.moment(),
                "grade", cut.grade().toString(),
                "gradeReason", cut.gradeReason(),
                "epsilonMicros", cut.epsilonMicros(),
                "dialect", cut.dialect(),
                "shards", shards,
                "decisions", decisions,
                "lateCommits", late,
                "unknownGids", cut.unknownGids(),
                "notes", cut.notes());
    }

    private static @Nullable Object event(ShardBoundary boundary, @Nullable Event event) {
        return event == null
                ? null
                : Json.object(
                        "xid", Integer.toUnsignedLong(event.xid()),
                        "gid", event.gid(),
                        "at", corrected(boundary, event),
                        "shardClock", Instant.EPOCH.plus(event.timeMicros(), ChronoUnit.MICROS),
                        "start", event.start(),
                        "end", event.end());
    }
}
