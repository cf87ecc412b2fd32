package io.isochron.chronicle;

import io.isochron.chronicle.LargeTransaction.Effect;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sums up the segments of one ledger entry. Memory is bounded by the limits of an entry, and by the tables written in it. */
final class MinuteTally {
    private static final long STALE_MICROS = 60_000_000;
    private static final int LARGE_HELD = 4 * LedgerLimits.ALL_MAX;
    private static final int NOTABLES_HELD = 4 * LedgerDigest.NOTABLES_MAX;

    private final KnownNames known;
    private final long firstSequence;
    private final Lsn start;
    private final long fromMicros;
    private final LargeRule rule;
    private long commits;
    private long aborts;
    private long prepares;
    private long walBytes;
    private long records;
    private long checkpoints;
    private int firstXid;
    private int lastXid;
    private final Map<RelationFile, TableTotals> tables = new HashMap<>();
    private long tablesOmitted;
    private List<LargeTransaction> large = new ArrayList<>();
    private long largeOmitted;
    private List<Notable> notables = new ArrayList<>();
    private long notablesOmitted;
    private final DdlTally statements = new DdlTally();
    private final Set<RelationObservation> names = new LinkedHashSet<>();
    /** What {@link #mention} has noted last of each storage, by which it is told apart quickly. */
    private final Map<RelationFile, RelationObservation> mentioned = new HashMap<>();

    private final Set<RelationFile> forgotten = new LinkedHashSet<>();
    private long offsetMicros;

    MinuteTally(KnownNames known, Segment first, LargeRule rule) {
        this.rule = rule;
        this.known = known;
        this.firstSequence = first.sequence();
        this.start = first.start();
        this.fromMicros = first.referenceFirstMicros();
    }

    /** Goes on with what an entry sums up. */
    MinuteTally(KnownNames known, LedgerEntry part, LargeRule rule) {
        this.rule = rule;
        this.known = known;
        this.firstSequence = part.cover().firstSequence();
        this.start = part.cover().start();
        this.fromMicros = part.cover().fromMicros();
        LedgerDigest digest = part.digest();
        commits = digest.commits();
        aborts = digest.aborts();
        prepares = digest.prepares();
        walBytes = digest.walBytes();
        records = digest.records();
        checkpoints = digest.checkpoints();
        firstXid = digest.firstXid();
        lastXid = digest.lastXid();
        digest.tables().forEach(totals -> tables.put(totals.file(), totals));
        tablesOmitted = digest.tablesOmitted();
        large.addAll(digest.large());
        largeOmitted = digest.largeOmitted();
        notables.addAll(digest.notables());
        notablesOmitted = digest.notablesOmitted();
        statements.omit(digest.statements().omitted());
        statements.add(digest.statements().items());
        names.addAll(part.names());
        forgotten.addAll(part.forgotten());
    }

    long firstSequence() {
        return firstSequence;
    }

    Lsn start() {
        return start;
    }

    long fromMicros() {
        return fromMicros;
    }

    Collection<RelationObservation> names() {
        return names;
    }

    /** Storage that went, and whose name nobody needs any more. */
    List<RelationFile> forgotten() {
        return forgotten.stream().filter(file -> known.of(file) == null).toList();
    }

    void notable(Notable notable) {
        notables.add(notable);
        if (notables.size() > NOTABLES_HELD) {
            LedgerLimits.Chosen<Notable> chosen = LedgerLimits.notables(notables);
            notables = new ArrayList<>(chosen.items());
            notablesOmitted += chosen.omitted();
        }
    }

    /** @param offset of the shard's clock, as known when the segment was cut */
    void take(Segment segment, OpenWork open, OpenDdl ddl, long offset) {
        offsetMicros = offset;
        walBytes += segment.end().minus(segment.start());
        records += segment.records();
        checkpoints += segment.checkpoints();
        observe(segment);
        notables(segment);
        open.take(segment);
        statements.omit(ddl.take(segment.ddl()));
        for (Event event : segment.events()) {
            switch (event.kind()) {
                case PREPARE -> prepares++;
                case COMMIT, COMMIT_PREPARED -> {
                    committed(event, open.whole(event));
                    statements(event, ddl.of(event));
                }
                case ABORT, ABORT_PREPARED -> aborts++;
            }
            if (event.kind() != Event.Kind.PREPARE) {
                open.ended(event);
                ddl.ended(event);
            }
        }
    }

    private void observe(Segment segment) {
        for (RelationObservation seen : segment.relations()) {
            RelationObservation before = known.learn(seen);
            if (before == null) {
                continue;
            }
            names.add(seen);
            if (!before.qualifiedName().equals(seen.qualifiedName()) && seen.kind() != 't') {
                notable(new Notable(
                        Notable.Kind.RENAMED,
                        seen.at(),
                        segment.referenceLastMicros(),
                        0,
                        seen.file(),
                        0,
                        before.qualifiedName() + " to " + seen.qualifiedName()));
            }
        }
    }

    private void notables(Segment segment) {
        for (ClockStep step : segment.clockSteps()) {
            notable(new Notable(
                    Notable.Kind.CLOCK_STEP,
                    segment.start(),
                    step.after().atReferenceMicros(),
                    0,
                    null,
                    step.stepMicros(),
                    ""));
        }
        for (RestorePoint point : segment.restorePoints()) {
            notable(new Notable(
                    Notable.Kind.RESTORE_POINT,
                    point.at(),
                    point.timeMicros() - offsetMicros,
                    0,
                    null,
                    0,
                    point.name()));
        }
        for (FenceMark fence : segment.fences()) {
            notable(new Notable(Notable.Kind.FENCE, fence.at(), fence.referenceMicros(), 0, null, fence.id(), ""));
        }
        for (ParameterChange change : segment.parameters()) {
            notable(new Notable(
                    Notable.Kind.PARAMETERS,
                    change.at(),
                    segment.referenceLastMicros(),
                    0,
                    null,
                    0,
                    "max_connections " + change.maxConnections() + ", max_prepared_transactions "
                            + change.maxPreparedTransactions() + ", wal_level " + change.walLevel()));
        }
        for (TablespaceCreated tablespace : segment.tablespaces()) {
            notable(new Notable(
                    Notable.Kind.TABLESPACE,
                    tablespace.at(),
                    segment.referenceLastMicros(),
                    0,
                    null,
                    tablespace.oid(),
                    tablespace.path()));
        }
    }

    private void committed(Event event, OpenWork.Whole whole) {
        commits++;
        int xid = event.xid();
        firstXid = firstXid == 0 || RunningTransactions.precedes(xid, firstXid) ? xid : firstXid;
        lastXid = lastXid == 0 || RunningTransactions.precedes(lastXid, xid) ? xid : lastXid;
        CommitEffects effects = CommitEffects.of(whole.work(), known, this::netRows);
        for (Effect effect : effects.tables()) {
            total(effect);
        }
        effects.toast()
                .forEach((owner, rows) ->
                        tables.merge(owner, TableTotals.none(owner).plusToast(rows), TableTotals::plus));
        long micros = event.timeMicros() - offsetMicros;
        schema(event, effects, micros);
        if (rule.lists(event, effects.tables())) {
            large(event, whole, effects.tables(), micros);
        }
        whole.work().forEach((file, work) -> {
            if (work.dropped && known.of(file) != null) {
                known.dropped(file);
                forgotten.add(file);
            }
        });
    }

    private void statements(Event event, List<DdlMessage> messages) {
        for (DdlMessage message : messages) {
            statements.add(List.of(
                    new DdlStatement(event.xid(), event.end(), event.timeMicros() - offsetMicros, message.ddl())));
        }
    }

    private long netRows(RelationFile file) {
        TableTotals totals = tables.get(file);
        return totals == null ? 0 : totals.inserted() - totals.deleted();
    }

    private void total(Effect effect) {
        boolean rows = effect.inserted() != 0 || effect.updated() != 0 || effect.deleted() != 0;
        mention(effect.file());
        tables.merge(
                effect.file(),
                new TableTotals(
                        effect.file(),
                        rows ? 1 : 0,
                        effect.inserted(),
                        effect.updated(),
                        effect.deleted(),
                        0,
                        effect.deleted() > 0 ? 1 : 0,
                        effect.updated() > 0 ? 1 : 0,
                        effect.deleted(),
                        effect.updated(),
                        effect.removes() ? 1 : 0),
                TableTotals::plus);
    }

    private void mention(RelationFile file) {
        RelationObservation name = known.of(file);
        if (name != null && !name.equals(mentioned.put(file, name))) {
            names.add(name);
        }
    }

    private void schema(Event event, CommitEffects effects, long micros) {
        for (Effect effect : effects.tables()) {
            Notable.Kind kind = switch (effect.what()) {
                case DROPPED -> Notable.Kind.DROPPED;
                case TRUNCATED -> Notable.Kind.TRUNCATED;
                case REWRITTEN -> Notable.Kind.REWRITTEN;
                case DELETED, UPDATED, OTHER -> null;
            };
            if (kind != null) {
                schema(kind, event, effect.file(), micros);
            }
        }
        effects.created().forEach(file -> schema(Notable.Kind.CREATED, event, file, micros));
        if (effects.altered()) {
            schema(Notable.Kind.ALTERED, event, null, micros);
        }
    }

    private void schema(Notable.Kind kind, Event event, @Nullable RelationFile file, long micros) {
        notable(new Notable(kind, event.end(), micros, event.xid(), file, 0, ""));
    }

    private void large(Event event, OpenWork.Whole whole, List<Effect> effects, long micros) {
        List<Effect> kept = effects.subList(0, Math.min(LargeTransaction.EFFECTS_MAX, effects.size()));
        large.add(new LargeTransaction(
                event.xid(),
                event.gid(),
                event.kind() == Event.Kind.COMMIT_PREPARED,
                whole.firstSeen() == null ? event.start() : whole.firstSeen(),
                whole.firstSeen() == null ? micros : whole.firstSeenMicros(),
                event.before(),
                event.end(),
                micros,
                event.subxids().size(),
                kept,
                effects.size() - kept.size()));
        if (large.size() > LARGE_HELD) {
            LedgerLimits.Chosen<LargeTransaction> chosen = LedgerLimits.large(large);
            large = new ArrayList<>(chosen.items());
            largeOmitted += chosen.omitted();
        }
    }

    LedgerDigest digest(Segment end) {
        LedgerLimits.Chosen<TableTotals> totals = LedgerLimits.tables(tables.values());
        LedgerLimits.Chosen<LargeTransaction> transactions = LedgerLimits.large(large);
        LedgerLimits.Chosen<Notable> events = LedgerLimits.notables(notables);
        LedgerLimits.Chosen<OpenPrepared> stale = LedgerLimits.stale(end.openPrepared().stream()
                .filter(one -> end.referenceLastMicros() - (one.timeMicros() - offsetMicros) >= STALE_MICROS)
                .toList());
        return new LedgerDigest(
                commits,
                aborts,
                prepares,
                walBytes,
                records,
                checkpoints,
                firstXid,
                lastXid,
                totals.items(),
                totals.omitted() + tablesOmitted,
                transactions.items(),
                transactions.omitted() + largeOmitted,
                events.items(),
                events.omitted() + notablesOmitted,
                statements.chosen(),
                stale.items(),
                stale.omitted(),
                end.openPrepared().size());
    }
}
