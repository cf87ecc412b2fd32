package io.isochron.app;

import io.isochron.chronicle.Incident;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows incidents. */
final class IncidentText {
    private IncidentText() {}

    static String before(Incident incident) {
        return "before:" + incident.before().shard() + ":"
                + Integer.toUnsignedString(incident.before().xid());
    }

    static void text(Incident incident, List<String> text) {
        text.add(incident.earliestCommit() + "  " + headline(incident) + " on "
                + incident.parts().size() + (incident.parts().size() == 1 ? " shard" : " shards")
                + (incident.globalTransaction() == null
                        ? ""
                        : "  (one transaction " + incident.globalTransaction() + ")")
                + unusual(incident));
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                "  SHARD", "XID", "STARTED", "COMMITTED", "COMMIT", "TABLE", "WHAT", "INSERTED", "UPDATED", "DELETED"));
        for (Incident.Part part : incident.parts()) {
            for (Incident.TableEffect effect : part.tables()) {
                rows.add(List.of(
                        "  " + part.shard(),
                        Integer.toUnsignedString(part.xid()),
                        part.started().toString(),
                        part.committed().toString(),
                        part.commitEnd().toString(),
                        effect.table(),
                        what(effect.what()),
                        Long.toString(effect.inserted()),
                        Long.toString(effect.updated()),
                        Long.toString(effect.deleted())));
            }
        }
        text.addAll(Output.table(rows));
        for (Incident.Part part : incident.parts()) {
            if (part.gid() != null) {
                text.add("  gid on " + part.shard() + ": " + part.gid());
            }
            text.addAll(Statements.lines(part.statements(), "  " + part.shard() + ": "));
            if (part.tablesOmitted() > 0) {
                text.add("  and " + part.tablesOmitted() + " more tables on " + part.shard());
            }
        }
        text.add("  just before: --target " + before(incident) + "   (" + incident.justBefore() + ")");
        text.add("");
    }

    private static String headline(Incident incident) {
        return switch (incident.worst()) {
            case DROPPED -> "table dropped, " + incident.rowsDeleted() + " rows or more lost";
            case TRUNCATED -> "table truncated, " + incident.rowsDeleted() + " rows or more lost";
            case DELETED -> incident.rowsDeleted() + " rows deleted";
            case UPDATED -> sum(incident, true) + " rows updated";
            case REWRITTEN -> "table rewritten";
            case OTHER -> sum(incident, false) + " rows inserted";
        };
    }

    private static long sum(Incident incident, boolean updated) {
        return incident.effects().stream()
                .mapToLong(effect -> updated ? effect.updated() : effect.inserted())
                .sum();
    }

    private static String unusual(Incident incident) {
        double times = incident.timesUsual();
        if (times < Incident.UNUSUAL) {
            return "";
        }
        return Double.isInfinite(times)
                ? ", nothing like it in that time"
                : String.format(Locale.ROOT, ", %.0f times the usual", times);
    }

    /** What happened, as people and programs are told. */
    static String what(Incident.What what) {
        return what.name().toLowerCase(Locale.ROOT);
    }

    static Map<String, @Nullable Object> json(Incident incident) {
        List<Object> parts = new ArrayList<>();
        for (Incident.Part part : incident.parts()) {
            List<Object> tables = new ArrayList<>();
            for (Incident.TableEffect effect : part.tables()) {
                tables.add(Json.object(
                        "table", effect.table(),
                        "database", effect.database(),
                        "what", what(effect.what()),
                        "inserted", effect.inserted(),
                        "updated", effect.updated(),
                        "deleted", effect.deleted()));
            }
            parts.add(Json.object(
                    "shard", part.shard(),
                    "xid", Integer.toUnsignedLong(part.xid()),
                    "gid", part.gid(),
                    "started", part.started(),
                    "commitStart", part.commitStart(),
                    "commitEnd", part.commitEnd(),
                    "committed", part.committed(),
                    "tables", tables,
                    "tablesOmitted", part.tablesOmitted(),
                    "statements",
                            part.statements().stream().map(Statements::json).toList()));
        }
        return Json.object(
                "target", before(incident),
                "what", what(incident.worst()),
                "justBefore", incident.justBefore(),
                "earliestCommit", incident.earliestCommit(),
                "globalTransaction", incident.globalTransaction(),
                "rowsDeleted", incident.rowsDeleted(),
                "score", incident.score(),
                "unusual", incident.timesUsual() >= Incident.UNUSUAL,
                "timesUsual", Double.isInfinite(incident.timesUsual()) ? null : incident.timesUsual(),
                "parts", parts);
    }
}
