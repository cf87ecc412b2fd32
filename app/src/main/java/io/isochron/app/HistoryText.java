package io.isochron.app;

import io.isochron.app.History.Happened;
import io.isochron.app.History.Sums;
import io.isochron.chronicle.DdlText;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows a history in each of its forms. */
final class HistoryText {
    private static final int TABLES_SHOWN = 20;
    private static final int EVENTS_SHOWN = 200;
    /** Events that say the same within this time of the first share a line. */
    private static final Duration TOGETHER = Duration.ofMinutes(1);

    private final History history;

    HistoryText(History history) {
        this.history = history;
        history.finish();
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>(Output.table(shards()));
        lines.add("");
        lines.addAll(Output.table(intervals()));
        if (!history.tables.isEmpty()) {
            lines.add("");
            lines.addAll(Output.table(tables()));
        }
        if (!history.events.isEmpty()) {
            lines.add("");
        }
        List<Repeated> repeated = repeated();
        int shown = Math.min(EVENTS_SHOWN, repeated.size());
        int events = 0;
        for (Repeated one : repeated.subList(0, shown)) {
            lines.add(one.line());
            events += one.count;
        }
        if (shown < repeated.size()) {
            lines.add("... and " + (history.events.size() - events)
                    + " more events: narrow the time, or use --kind, --rows, --output csv");
        }
        lines.addAll(history.remarks);
        return lines;
    }

    /** An event, and how often it came again on its shard with nothing else in between. */
    private static final class Repeated {
        final Happened first;
        Instant last;
        int count = 1;

        Repeated(Happened first) {
            this.first = first;
            this.last = first.at();
        }

        boolean again(Happened next) {
            return first.what().equals(next.what())
                    && first.statement() == null
                    && next.statement() == null
                    && next.at().isBefore(first.at().plus(TOGETHER));
        }

        String line() {
            return first.at() + "  " + (first.shard().isEmpty() ? "all" : first.shard())
                    + (first.statement() == null ? "  " : "      ") + first.what()
                    + (count == 1 ? "" : ", " + count + " times until " + last);
        }
    }

    /** The events by time, each with those like it that follow soon on its shard: a migration changes hundreds of definitions, and hides the rest. */
    private List<Repeated> repeated() {
        List<Repeated> all = new ArrayList<>();
        Map<String, Repeated> newest = new HashMap<>();
        for (Happened event : history.events) {
            Repeated before = newest.get(event.shard());
            if (before != null && before.again(event)) {
                before.last = event.at();
                before.count++;
            } else {
                Repeated one = new Repeated(event);
                all.add(one);
                newest.put(event.shard(), one);
            }
        }
        return all;
    }

    private List<List<String>> shards() {
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
        history.byShard.forEach((shard, sums) -> {
            if (sums.first == null) {
                table.add(List.of(shard, "nothing is known of that time"));
                return;
            }
            table.add(List.of(
                    shard,
                    String.valueOf(sums.first),
                    String.valueOf(sums.last),
                    Units.bytes(sums.walBytes),
                    Long.toString(sums.commits),
                    Long.toString(sums.aborts),
                    Long.toString(sums.prepared),
                    Long.toString(sums.inserted),
                    Long.toString(sums.updated),
                    Long.toString(sums.deleted),
                    Long.toString(sums.inDoubt)));
        });
        return table;
    }

    private List<List<String>> intervals() {
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("INTERVAL FROM", "COMMITS", "PER SECOND", "INSERTED", "UPDATED", "DELETED", "WAL", "FENCES"));
        history.intervals.forEach((from, sums) -> table.add(List.of(
                from.toString(),
                Long.toString(sums.commits),
                String.format(Locale.ROOT, "%.1f", rate(from, sums)),
                Long.toString(sums.inserted),
                Long.toString(sums.updated),
                Long.toString(sums.deleted),
                Units.bytes(sums.walBytes),
                Long.toString(sums.fences))));
        return table;
    }

    /** Commits per second of the part of an interval that is known. */
    private double rate(Instant from, Sums sums) {
        Instant end = from.plus(history.width);
        Instant last = sums.last == null || sums.last.isAfter(end) ? end : sums.last;
        Instant first = sums.first == null || sums.first.isBefore(from) ? from : sums.first;
        double seconds = Math.max(1, Duration.between(first, last).toMillis() / 1000.0);
        return sums.commits / seconds;
    }

    private List<List<String>> tables() {
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("TABLE", "TRANSACTIONS", "INSERTED", "UPDATED", "DELETED", "TOAST"));
        List<Map.Entry<String, Sums>> most = mostRows();
        for (Map.Entry<String, Sums> one : most.subList(0, Math.min(TABLES_SHOWN, most.size()))) {
            Sums sums = one.getValue();
            table.add(List.of(
                    one.getKey(),
                    Long.toString(sums.transactions),
                    Long.toString(sums.inserted),
                    Long.toString(sums.updated),
                    Long.toString(sums.deleted),
                    Long.toString(sums.toastRows)));
        }
        if (most.size() > TABLES_SHOWN) {
            table.add(List.of("... and " + (most.size() - TABLES_SHOWN) + " more"));
        }
        return table;
    }

    private List<Map.Entry<String, Sums>> mostRows() {
        List<Map.Entry<String, Sums>> most = new ArrayList<>(history.tables.entrySet());
        most.sort(Comparator.<Map.Entry<String, Sums>>comparingLong(
                        one -> one.getValue().inserted + one.getValue().updated + one.getValue().deleted)
                .reversed()
                .thenComparing(Map.Entry::getKey));
        return most;
    }

    Map<String, @Nullable Object> json() {
        List<Object> shards = new ArrayList<>();
        history.byShard.forEach((name, sums) -> {
            if (sums.first != null) {
                shards.add(Json.object(
                        "name", name,
                        "from", sums.first,
                        "to", sums.last,
                        "walBytes", sums.walBytes,
                        "commits", sums.commits,
                        "aborts", sums.aborts,
                        "prepared", sums.prepared,
                        "rowsInserted", sums.inserted,
                        "rowsUpdated", sums.updated,
                        "rowsDeleted", sums.deleted,
                        "inDoubt", sums.inDoubt,
                        "inDoubtOld", sums.inDoubtOld));
            }
        });
        List<Object> intervals = new ArrayList<>();
        history.intervals.forEach((from, sums) -> intervals.add(Json.object(
                "from", from,
                "to", from.plus(history.width),
                "commits", sums.commits,
                "commitsPerSecond", rate(from, sums),
                "rowsInserted", sums.inserted,
                "rowsUpdated", sums.updated,
                "rowsDeleted", sums.deleted,
                "walBytes", sums.walBytes,
                "fences", sums.fences)));
        List<Object> tables = new ArrayList<>();
        for (Map.Entry<String, Sums> one : mostRows()) {
            tables.add(Json.object(
                    "table", one.getKey(),
                    "transactions", one.getValue().transactions,
                    "rowsInserted", one.getValue().inserted,
                    "rowsUpdated", one.getValue().updated,
                    "rowsDeleted", one.getValue().deleted,
                    "toastRows", one.getValue().toastRows));
        }
        List<Object> events = new ArrayList<>();
        for (Happened event : history.events) {
            events.add(Json.object(
                    "at", event.at(),
                    "shard", event.shard().isEmpty() ? null : event.shard(),
                    "kind", event.kind(),
                    "table", event.table().isEmpty() ? null : event.table(),
                    "xid", event.xid() == null ? null : Integer.toUnsignedLong(event.xid()),
                    "gid", event.gid(),
                    "lsn", event.lsn(),
                    "inserted", event.inserted(),
                    "updated", event.updated(),
                    "deleted", event.deleted(),
                    "what", event.what(),
                    "statement", event.statement() == null ? null : Statements.json(event.statement())));
        }
        return Json.object(
                "shards",
                shards,
                "intervals",
                intervals,
                "tables",
                tables,
                "events",
                events,
                "remarks",
                history.remarks);
    }

    /** One line for each interval, table and event, under one heading. */
    List<String> csv() {
        List<String> lines = new ArrayList<>();
        lines.add("kind,at,shard,table,xid,gid,lsn,commits,inserted,updated,deleted,wal_bytes,what");
        history.intervals.forEach((from, sums) ->
                lines.add(row("interval", from, "", "", null, "", "", sums, sums.commits, sums.walBytes, "")));
        for (Map.Entry<String, Sums> one : mostRows()) {
            Sums sums = one.getValue();
            lines.add(row(
                    "table", history.filter.from(), "", one.getKey(), null, "", "", sums, sums.transactions, 0, ""));
        }
        for (Happened event : history.events) {
            Sums sums = new Sums();
            sums.inserted = event.inserted();
            sums.updated = event.updated();
            sums.deleted = event.deleted();
            lines.add(row(
                    event.kind(),
                    event.at(),
                    event.shard(),
                    event.table(),
                    event.xid(),
                    event.gid() == null ? "" : event.gid(),
                    event.lsn() == null ? "" : event.lsn().toString(),
                    sums,
                    0,
                    0,
                    event.statement() == null ? event.what() : told(event.statement())));
        }
        return lines;
    }

    private static String told(DdlText statement) {
        return statement.form() == DdlText.Form.WITHHELD
                ? Statements.line(statement)
                : Statements.plain(statement.text());
    }

    private static String row(
            String kind,
            Instant at,
            String shard,
            String table,
            @Nullable Integer xid,
            String gid,
            String lsn,
            Sums sums,
            long commits,
            long walBytes,
            String what) {
        return String.join(
                ",",
                kind,
                at.toString(),
                quoted(shard),
                quoted(table),
                xid == null ? "" : Integer.toUnsignedString(xid),
                quoted(gid),
                lsn,
                Long.toString(commits),
                Long.toString(sums.inserted),
                Long.toString(sums.updated),
                Long.toString(sums.deleted),
                Long.toString(walBytes),
                quoted(what));
    }

    /** As RFC 4180 has it. */
    private static String quoted(String text) {
        return text.matches("[^\",\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
