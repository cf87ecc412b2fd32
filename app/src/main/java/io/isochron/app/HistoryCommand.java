package io.isochron.app;

import io.isochron.chronicle.ClockStep;
import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Event;
import io.isochron.chronicle.RestorePoint;
import io.isochron.chronicle.RowCounts;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.StorageChange;
import io.isochron.restore.ChronicleReader;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import picocli.CommandLine.Mixin;

/** Shows what happened on the shards in a stretch of time. */
@picocli.CommandLine.Command(
        name = "history",
        description = "Shows what happened on each shard: transactions, rows, WAL, and events worth knowing.",
        sortOptions = false,
        footer = {"", "Example:", "  isochron history --since 2026-11-22T13:00:00Z --until 2026-11-22T14:00:00Z"})
final class HistoryCommand extends Command {
    @Mixin
    Window window = new Window();

    HistoryCommand(Host host) {
        super(host);
    }

    /** Something worth a line of its own, by reference time. */
    private record Notable(Instant at, String shard, String what) {}

    @Override
    ExitCode run() throws AppException, IOException {
        ClusterHistory history = new ChronicleReader(repository()).window(window.from(host), window.to(host));
        List<List<String>> table = new ArrayList<>();
        table.add(List.of(
                "SHARD",
                "FROM",
                "TO",
                "WAL",
                "COMMITS",
                "ABORTS",
                "PREPARED",
                "INSERTED",
                "UPDATED",
                "DELETED",
                "IN DOUBT"));
        List<Object> json = new ArrayList<>();
        List<Notable> notables = new ArrayList<>();
        for (String shard : history.shards()) {
            List<Segment> segments = history.segments(shard);
            if (segments.isEmpty()) {
                table.add(List.of(shard, "nothing is known of that time"));
                continue;
            }
            Tally tally = new Tally();
            for (Segment segment : segments) {
                tally.add(segment);
                notable(shard, segment, notables);
            }
            Instant from = instant(segments.getFirst().referenceFirstMicros());
            Instant to = instant(segments.getLast().referenceLastMicros());
            int inDoubt = segments.getLast().openPrepared().size();
            table.add(List.of(
                    shard,
                    from.toString(),
                    to.toString(),
                    Units.bytes(tally.walBytes),
                    Long.toString(tally.commits),
                    Long.toString(tally.aborts),
                    Long.toString(tally.prepared),
                    Long.toString(tally.inserted),
                    Long.toString(tally.updated),
                    Long.toString(tally.deleted),
                    Integer.toString(inDoubt)));
            json.add(Json.object(
                    "name", shard,
                    "from", from,
                    "to", to,
                    "walBytes", tally.walBytes,
                    "commits", tally.commits,
                    "aborts", tally.aborts,
                    "prepared", tally.prepared,
                    "rowsInserted", tally.inserted,
                    "rowsUpdated", tally.updated,
                    "rowsDeleted", tally.deleted,
                    "inDoubt", inDoubt));
        }
        notables.sort(Comparator.comparing(Notable::at));
        List<String> text = new ArrayList<>(Output.table(table));
        List<Object> events = new ArrayList<>();
        if (!notables.isEmpty()) {
            text.add("");
        }
        for (Notable notable : notables) {
            text.add(notable.at() + "  " + notable.shard() + "  " + notable.what());
            events.add(Json.object("at", notable.at(), "shard", notable.shard(), "what", notable.what()));
        }
        output().result(Json.object("shards", json, "events", events), text);
        return ExitCode.OK;
    }

    private static final class Tally {
        private long walBytes;
        private long commits;
        private long aborts;
        private long prepared;
        private long inserted;
        private long updated;
        private long deleted;

        private void add(Segment segment) {
            walBytes += segment.end().minus(segment.start());
            for (Event event : segment.events()) {
                switch (event.kind()) {
                    case COMMIT, COMMIT_PREPARED -> commits++;
                    case ABORT, ABORT_PREPARED -> aborts++;
                    case PREPARE -> prepared++;
                }
            }
            for (RowCounts rows : segment.rows()) {
                inserted += rows.inserted();
                updated += rows.updated();
                deleted += rows.deleted();
            }
        }
    }

    private static void notable(String shard, Segment segment, List<Notable> notables) {
        Instant at = instant(segment.referenceLastMicros());
        for (ClockStep step : segment.clockSteps()) {
            notables.add(new Notable(
                    instant(step.after().atReferenceMicros()),
                    shard,
                    "the clock jumped by " + step.stepMicros() + " microseconds"));
        }
        for (RestorePoint point : segment.restorePoints()) {
            notables.add(new Notable(at, shard, "restore point " + point.name() + " at " + point.at()));
        }
        segment.parameters()
                .forEach(change ->
                        notables.add(new Notable(at, shard, "settings that replay depends on changed: " + change)));
        segment.tablespaces()
                .forEach(tablespace -> notables.add(new Notable(at, shard, "tablespace created: " + tablespace)));
        long truncated = segment.storage().stream()
                .filter(change -> change.kind() == StorageChange.Kind.TRUNCATED)
                .count();
        if (truncated > 0) {
            notables.add(new Notable(at, shard, "storage of " + truncated + " relations was cut off"));
        }
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
