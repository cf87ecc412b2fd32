package io.isochron.app;

import io.isochron.chronicle.DdlStatement;
import io.isochron.chronicle.DdlText;
import io.isochron.chronicle.LargeTransaction;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerNames;
import io.isochron.chronicle.Notable;
import io.isochron.chronicle.RelationObservation;
import io.isochron.chronicle.TableTotals;
import io.isochron.restore.ShardLedger;
import io.isochron.store.SnapshotInfo;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Sums up ledgers by interval, shard and table, and collects events. */
final class History {
    /** Sums of an interval, a shard or a table. */
    static final class Sums {
        long walBytes;
        long commits;
        long aborts;
        long prepared;
        long inserted;
        long updated;
        long deleted;
        long transactions;
        long toastRows;
        long fences;
        long inDoubt;
        long inDoubtOld;

        @Nullable
        Instant first;

        @Nullable
        Instant last;

        private void add(TableTotals table) {
            inserted += table.inserted();
            updated += table.updated();
            deleted += table.deleted();
            transactions += table.transactions();
            toastRows += table.toastRows();
        }

        private void add(LedgerEntry entry) {
            walBytes += entry.digest().walBytes();
            commits += entry.digest().commits();
            aborts += entry.digest().aborts();
            prepared += entry.digest().prepares();
            inDoubt = entry.digest().inDoubt();
            inDoubtOld = entry.digest().stale().size() + entry.digest().staleOmitted();
            first = first == null ? Moments.ofMicros(entry.cover().fromMicros()) : first;
            last = Moments.ofMicros(entry.cover().toMicros());
        }
    }

    /** Something worth a line of its own. */
    record Happened(
            Instant at,
            String shard,
            String kind,
            String table,
            @Nullable Integer xid,
            @Nullable String gid,
            @Nullable Lsn lsn,
            long inserted,
            long updated,
            long deleted,
            String what,
            @Nullable DdlText statement) {}

    /** A transaction of a shard. */
    private record Transaction(String shard, int xid, Lsn end) {}

    final HistoryFilter filter;
    final Duration width;
    final Map<Instant, Sums> intervals = new TreeMap<>();
    final Map<String, Sums> byShard = new TreeMap<>();
    final Map<String, Sums> tables = new TreeMap<>();
    final List<Happened> events = new ArrayList<>();
    final List<String> remarks = new ArrayList<>();
    private final Map<Transaction, List<Happened>> statements = new LinkedHashMap<>();
    private long omitted;
    private long statementsOmitted;

    History(HistoryFilter filter, Duration width) {
        this.filter = filter;
        this.width = width;
    }

    void add(ShardLedger ledger) {
        LedgerNames names = new LedgerNames(ledger.entries());
        Sums shard = byShard.computeIfAbsent(ledger.shard(), key -> new Sums());
        remarks.addAll(ledger.breaks());
        for (LedgerEntry entry : ledger.entries()) {
            Sums interval = intervals.computeIfAbsent(interval(entry), key -> new Sums());
            shard.add(entry);
            interval.add(entry);
            for (TableTotals totals : entry.digest().tables()) {
                add(names, entry, totals, shard, interval);
            }
            for (Notable notable : entry.digest().notables()) {
                if (notable.kind() == Notable.Kind.FENCE) {
                    interval.fences++;
                }
                happened(ledger.shard(), names, notable);
            }
            for (LargeTransaction transaction : entry.digest().large()) {
                happened(ledger.shard(), names, transaction);
            }
            for (DdlStatement statement : entry.digest().statements().items()) {
                said(ledger.shard(), statement);
            }
            omitted += entry.digest().notablesOmitted();
            statementsOmitted += entry.digest().statements().omitted();
        }
    }

    void add(SnapshotInfo snapshot) {
        if (filter.inTime(snapshot.created()) && filter.wants(HistoryFilter.SNAPSHOT) && filter.table() == null) {
            events.add(new Happened(
                    snapshot.created(),
                    "",
                    HistoryFilter.SNAPSHOT,
                    "",
                    null,
                    null,
                    null,
                    0,
                    0,
                    0,
                    "snapshot " + snapshot.id(),
                    null));
        }
    }

    /** Events by time, and what is to be said about them. */
    void finish() {
        beside();
        events.sort(Comparator.comparing(Happened::at).thenComparing(Happened::shard));
        if (omitted > 0) {
            remarks.add(omitted + " events are not listed in the ledger because there were too many");
            omitted = 0;
        }
        if (statementsOmitted > 0) {
            remarks.add(statementsOmitted + " texts of statements are not in the ledger: too many, or not readable");
            statementsOmitted = 0;
        }
    }

    private void said(String shard, DdlStatement statement) {
        Instant at = Moments.ofMicros(statement.atMicros());
        if (filter.inTime(at)) {
            statements
                    .computeIfAbsent(new Transaction(shard, statement.xid(), statement.at()), key -> new ArrayList<>())
                    .add(new Happened(
                            at,
                            shard,
                            HistoryFilter.STATEMENT,
                            "",
                            statement.xid(),
                            null,
                            statement.at(),
                            0,
                            0,
                            0,
                            Statements.line(statement.ddl()),
                            statement.ddl()));
        }
    }

    /** Statements are shown beside the events of their transaction, and those that are wanted by themselves. */
    private void beside() {
        Set<Transaction> shown = new HashSet<>();
        for (Happened event : events) {
            if (event.xid() != null
                    && event.lsn() != null
                    && event.inserted() + event.updated() + event.deleted() == 0) {
                shown.add(new Transaction(event.shard(), event.xid(), event.lsn()));
            }
        }
        statements.forEach((transaction, said) -> {
            for (Happened one : said) {
                DdlText ddl = java.util.Objects.requireNonNull(one.statement());
                boolean wanted = filter.wants(HistoryFilter.STATEMENT)
                        && (filter.table() == null || Statements.names(ddl, filter.table()));
                if (wanted || shown.contains(transaction)) {
                    events.add(one);
                }
            }
        });
        statements.clear();
    }

    private Instant interval(LedgerEntry entry) {
        long micros = width.toMillis() * 1000;
        long at = entry.period() * entry.level().micros();
        return Moments.ofMicros(Math.floorDiv(at, micros) * micros);
    }

    private void add(LedgerNames names, LedgerEntry entry, TableTotals totals, Sums shard, Sums interval) {
        Optional<RelationObservation> name =
                names.at(totals.file(), entry.cover().end());
        if (name.isPresent() && name.get().kind() == 't') {
            RelationObservation owner = names.ownerOf(name.get());
            if (owner != null && wanted(Optional.of(owner))) {
                tables.computeIfAbsent(owner.qualifiedName(), key -> new Sums()).toastRows +=
                        totals.inserted() + totals.deleted();
            }
            return;
        }
        if (wanted(name)) {
            shard.add(totals);
            interval.add(totals);
            tables.computeIfAbsent(names.name(totals.file(), entry.cover().end()), key -> new Sums())
                    .add(totals);
        }
    }

    private boolean wanted(Optional<RelationObservation> name) {
        String table = filter.table();
        return table == null || (name.isPresent() && LedgerNames.named(name.get(), table));
    }

    private void happened(String shard, LedgerNames names, Notable notable) {
        String kind = HistoryFilter.kind(notable.kind());
        Instant at = Moments.ofMicros(notable.atMicros());
        if (!filter.inTime(at) || !filter.wants(kind)) {
            return;
        }
        RelationFile file = notable.file();
        Optional<RelationObservation> name = file == null ? Optional.empty() : names.at(file, notable.at());
        boolean index = notable.kind() == Notable.Kind.CREATED
                && (name.isEmpty() || name.get().kind() == 't');
        if (index || (filter.table() != null && !wanted(name))) {
            return;
        }
        String table = file == null ? "" : names.name(file, notable.at());
        events.add(new Happened(
                at,
                shard,
                kind,
                table,
                notable.xid() == 0 ? null : notable.xid(),
                null,
                notable.at(),
                0,
                0,
                0,
                what(notable, table),
                null));
    }

    private static String what(Notable notable, String table) {
        return switch (notable.kind()) {
            case GAP -> "WAL is missing: " + notable.text();
            case TIMELINE_SWITCH -> "failover: PostgreSQL timeline " + notable.text();
            case CLOCK_STEP -> "the clock jumped by " + notable.value() + " microseconds";
            case RESTORE_POINT -> "restore point " + notable.text() + " at " + notable.at();
            case MARK -> "mark " + notable.text();
            case PARAMETERS -> "settings that replay depends on changed: " + notable.text();
            case TABLESPACE -> "tablespace created: " + notable.text();
            case DROPPED -> "table " + table + " dropped";
            case TRUNCATED -> "table " + table + " truncated";
            case REWRITTEN -> "table " + table + " rewritten";
            case RENAMED -> "table renamed: " + notable.text();
            case ALTERED -> "a table's definition was changed";
            case CREATED -> "table " + table + " created";
            case FENCE -> "fence " + notable.value() + " at " + notable.at();
        };
    }

    private void happened(String shard, LedgerNames names, LargeTransaction transaction) {
        Instant at = Moments.ofMicros(transaction.committedMicros());
        if (!filter.inTime(at) || !filter.wants(HistoryFilter.TRANSACTION)) {
            return;
        }
        for (LargeTransaction.Effect effect : transaction.effects()) {
            Optional<RelationObservation> name = names.at(effect.file(), transaction.commitStart());
            long most = Math.max(effect.inserted(), Math.max(effect.updated(), effect.deleted()));
            if (most >= filter.rowsMin()
                    && wanted(name)
                    && name.map(RelationObservation::kind).orElse('r') != 't') {
                String table = names.name(effect.file(), transaction.commitStart());
                events.add(new Happened(
                        at,
                        shard,
                        HistoryFilter.TRANSACTION,
                        table,
                        transaction.xid(),
                        transaction.gid(),
                        transaction.commitEnd(),
                        effect.inserted(),
                        effect.updated(),
                        effect.deleted(),
                        "transaction " + Integer.toUnsignedString(transaction.xid()) + ": " + effect.inserted()
                                + " inserted, " + effect.updated() + " updated, " + effect.deleted() + " deleted in "
                                + table,
                        null));
            }
        }
    }
}
