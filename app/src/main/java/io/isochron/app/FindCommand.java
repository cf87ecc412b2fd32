package io.isochron.app;

import io.isochron.chronicle.Incident;
import io.isochron.chronicle.IncidentFinder;
import io.isochron.restore.ChronicleReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Finds the transaction that did the damage. */
@picocli.CommandLine.Command(
        name = "find",
        description = "Finds suspicious transactions: mass deletes and updates, dropped and truncated tables.",
        sortOptions = false,
        footer = {
            "",
            "Each is shown with the moment just before it, which plan and restore take as a target.",
            "",
            "Example:",
            "  isochron find --since 2h --table orders",
            "  isochron plan --target before:a:74113"
        })
final class FindCommand extends Command {
    private static final int RANKED = 10_000;

    @Mixin
    Window window = new Window();

    @Option(names = "--table", paramLabel = "NAME", description = "Only transactions that touched this table.")
    @Nullable
    String table;

    @Option(names = "--limit", paramLabel = "N", description = "Show at most so many. Default: 5.")
    int limit = 5;

    FindCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        var history = new ChronicleReader(repository()).window(window.from(host), window.to(host));
        List<Incident> incidents = new IncidentFinder(history, dialect())
                .find(table == null ? Math.max(1, limit) : RANKED).stream()
                        .filter(this::wanted)
                        .limit(Math.max(1, limit))
                        .toList();
        List<Object> json = new ArrayList<>();
        List<String> text = new ArrayList<>();
        for (Incident incident : incidents) {
            json.add(json(incident));
            text(incident, text);
        }
        if (incidents.isEmpty()) {
            text.add("nothing suspicious was found in that time");
        }
        output().result(Json.object("incidents", json), text);
        return ExitCode.OK;
    }

    private boolean wanted(Incident incident) {
        String name = table;
        return name == null
                || incident.effects().stream()
                        .anyMatch(effect ->
                                effect.table().equals(name) || effect.table().endsWith("." + name));
    }

    static String target(Incident incident) {
        return "before:" + incident.before().shard() + ":"
                + Integer.toUnsignedString(incident.before().xid());
    }

    private static void text(Incident incident, List<String> text) {
        text.add(incident.earliestCommit() + "  " + incident.rowsDeleted() + " rows deleted on "
                + incident.parts().size() + (incident.parts().size() == 1 ? " shard" : " shards")
                + (incident.globalTransaction() == null
                        ? ""
                        : "  (one transaction " + incident.globalTransaction() + ")"));
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("  SHARD", "XID", "COMMIT", "TABLE", "WHAT", "INSERTED", "UPDATED", "DELETED"));
        for (Incident.Part part : incident.parts()) {
            for (Incident.TableEffect effect : part.tables()) {
                rows.add(List.of(
                        "  " + part.shard(),
                        Integer.toUnsignedString(part.commit().xid()),
                        part.commit().end().toString(),
                        effect.table(),
                        effect.what().name().toLowerCase(Locale.ROOT),
                        Long.toString(effect.inserted()),
                        Long.toString(effect.updated()),
                        Long.toString(effect.deleted())));
            }
        }
        text.addAll(Output.table(rows));
        text.add("  just before: --target " + target(incident) + "   (" + incident.justBefore() + ")");
        text.add("");
    }

    private static Map<String, @Nullable Object> json(Incident incident) {
        List<Object> parts = new ArrayList<>();
        for (Incident.Part part : incident.parts()) {
            List<Object> tables = new ArrayList<>();
            for (Incident.TableEffect effect : part.tables()) {
                tables.add(Json.object(
                        "table", effect.table(),
                        "what", effect.what().name().toLowerCase(Locale.ROOT),
                        "inserted", effect.inserted(),
                        "updated", effect.updated(),
                        "deleted", effect.deleted()));
            }
            parts.add(Json.object(
                    "shard", part.shard(),
                    "xid", Integer.toUnsignedLong(part.commit().xid()),
                    "gid", part.commit().gid(),
                    "commitEnd", part.commit().end(),
                    "committed", part.committed(),
                    "tables", tables));
        }
        return Json.object(
                "target", target(incident),
                "justBefore", incident.justBefore(),
                "earliestCommit", incident.earliestCommit(),
                "globalTransaction", incident.globalTransaction(),
                "rowsDeleted", incident.rowsDeleted(),
                "score", incident.score(),
                "parts", parts);
    }
}
