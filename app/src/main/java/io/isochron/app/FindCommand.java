package io.isochron.app;

import io.isochron.chronicle.Incident;
import io.isochron.chronicle.Incident.What;
import io.isochron.chronicle.IncidentQuery;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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
            "Each is shown with the moment just before it, which plan and restore take as",
            "a target. `find` answers from the ledger. Transactions too small to be listed there (fewer than",
            "5 rows deleted, 100 updated) are looked up when a table, an id or a gid is named.",
            "",
            "Example:",
            "  isochron find --since 2h --table orders",
            "  isochron find --at 2026-11-22T13:41:00Z --kind deleted --rows 1000",
            "  isochron plan --target before:a:74113"
        })
final class FindCommand extends Command {
    /** What {@code --kind} takes. */
    enum Kind {
        dropped(What.DROPPED),
        truncated(What.TRUNCATED),
        deleted(What.DELETED),
        updated(What.UPDATED),
        rewritten(What.REWRITTEN),
        inserted(What.OTHER),
        unusual(null);

        private final @Nullable What what;

        Kind(@Nullable What what) {
            this.what = what;
        }
    }

    @Mixin
    Window window = new Window();

    @Option(
            names = "--at",
            paramLabel = "MOMENT",
            description = "Only what committed within 10 minutes of it; instead of --since and --until.")
    @Nullable
    String at;

    @Option(names = "--table", paramLabel = "NAME", description = "Only transactions that touched this table.")
    @Nullable
    String table;

    @Option(names = "--rows", paramLabel = "N", description = "Only with at least so many rows of one kind.")
    long rows;

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            description = {
                "Only those whose gravest effect is dropped, truncated, deleted, updated, rewritten or",
                "inserted; or unusual: ten times as many rows as is usual for the table."
            })
    @Nullable
    Kind kind;

    @Option(names = "--xid", paramLabel = "XID", description = "Only the transaction of this id, on any shard.")
    @Nullable
    Long xid;

    @Option(names = "--gid", paramLabel = "GID", description = "Only the transaction of this gid, or global name.")
    @Nullable
    String gid;

    @Option(names = "--limit", paramLabel = "N", description = "Show at most so many. Default: 5.")
    int limit = 5;

    FindCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Long id = xid;
        if (id != null && (id < 3 || id > 0xFFFF_FFFFL)) {
            throw new AppException(
                    ExitCode.USAGE, "--xid is " + id, "give a transaction id as PostgreSQL shows it, 3 to 4294967295.");
        }
        Instant from = window.from(host);
        Instant to = window.to(host);
        if (at != null) {
            Instant moment = Window.read(at, host);
            from = moment.minus(Duration.ofMinutes(10));
            to = moment.plus(Duration.ofMinutes(10));
        }
        IncidentQuery query = new IncidentQuery(
                Math.max(1, limit),
                from,
                to,
                table,
                Math.max(0, rows),
                kind == null ? null : kind.what,
                kind == Kind.unusual,
                id == null ? null : (int) (long) id,
                gid);
        IncidentSearch.Found found =
                new IncidentSearch(repository(), dialect(), host.clock().instant()).find(query);
        List<Object> json = new ArrayList<>();
        List<String> text = new ArrayList<>();
        for (Incident incident : found.incidents()) {
            json.add(IncidentText.json(incident));
            IncidentText.text(incident, text);
        }
        if (found.incidents().isEmpty()) {
            text.add("nothing suspicious was found in that time");
        }
        text.addAll(found.remarks());
        output().result(Json.object("incidents", json, "remarks", found.remarks()), text);
        return ExitCode.OK;
    }
}
