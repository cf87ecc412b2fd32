package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes an hour of minutes, or a day of hours, one after the other; memory is bounded by the limits of an entry. The same entries below always give the same entry. Used once; not thread-safe.
 */
public final class LedgerRollup {
    private static final int LARGE_HELD = 8 * LedgerLimits.ALL_MAX;
    private static final int NOTABLES_HELD = 8 * LedgerDigest.NOTABLES_MAX;

    private final LedgerLevel level;
    private @Nullable LedgerEntry first;
    private @Nullable LedgerEntry last;
    private long commits;
    private long aborts;
    private long prepares;
    private long walBytes;
    private long records;
    private long checkpoints;
    private int firstXid;
    private int lastXid;
    private long tablesOmitted;
    private long largeOmitted;
    private long notablesOmitted;
    private final Map<RelationFile, TableTotals> tables = new HashMap<>();
    private List<LargeTransaction> large = new ArrayList<>();
    private List<Notable> notables = new ArrayList<>();
    private final DdlTally statements = new DdlTally();
    private final Set<RelationObservation> names = new LinkedHashSet<>();

    /** @param level hour or day */
    public LedgerRollup(LedgerLevel level) {
        this.level = level;
    }

    /**
     * Takes the next entry below: of the next finer level, in the same period, following the one before.
     *
     * @throws IllegalArgumentException if it is not
     */
    public void add(LedgerEntry entry) {
        LedgerEntry before = last;
        LedgerEntry begin = first == null ? entry : first;
        if (entry.level().code != level.code - 1
                || period(entry) != period(begin)
                || (before != null
                        && entry.cover().firstEntry() != before.cover().lastEntry() + 1)) {
            throw new IllegalArgumentException("ledger " + level + " " + period(begin) + " of shard '" + entry.shard()
                    + "' cannot take " + entry.level() + " " + entry.number());
        }
        first = begin;
        last = entry;
        LedgerDigest digest = entry.digest();
        commits += digest.commits();
        aborts += digest.aborts();
        prepares += digest.prepares();
        walBytes += digest.walBytes();
        records += digest.records();
        checkpoints += digest.checkpoints();
        xids(digest);
        digest.tables().forEach(table -> tables.merge(table.file(), table, TableTotals::plus));
        tablesOmitted += digest.tablesOmitted();
        large.addAll(digest.large());
        largeOmitted += digest.largeOmitted();
        if (large.size() > LARGE_HELD) {
            LedgerLimits.Chosen<LargeTransaction> chosen = LedgerLimits.large(large);
            large = new ArrayList<>(chosen.items());
            largeOmitted += chosen.omitted();
        }
        notables.addAll(digest.notables());
        notablesOmitted += digest.notablesOmitted();
        if (notables.size() > NOTABLES_HELD) {
            LedgerLimits.Chosen<Notable> chosen = LedgerLimits.notables(notables);
            notables = new ArrayList<>(chosen.items());
            notablesOmitted += chosen.omitted();
        }
        statements.add(digest.statements().items());
        statements.omit(digest.statements().omitted());
        names.addAll(entry.names());
    }

    private void xids(LedgerDigest digest) {
        if (digest.firstXid() != 0) {
            boolean lower = firstXid == 0 || RunningTransactions.precedes(digest.firstXid(), firstXid);
            boolean higher = lastXid == 0 || RunningTransactions.precedes(lastXid, digest.lastXid());
            firstXid = lower ? digest.firstXid() : firstXid;
            lastXid = higher ? digest.lastXid() : lastXid;
        }
    }

    private long period(LedgerEntry entry) {
        return level.periodOf(entry.level(), entry.period());
    }

    /**
     * The sum.
     *
     * @param lastSha256 SHA-256 of the bytes of the last entry taken
     * @throws IllegalStateException if there was none
     */
    public LedgerEntry finish(String lastSha256) {
        LedgerEntry begin = first;
        LedgerEntry end = last;
        if (begin == null || end == null) {
            throw new IllegalStateException("a ledger " + level + " cannot be made of nothing");
        }
        LedgerCover from = begin.cover();
        LedgerCover to = end.cover();
        LedgerCover cover = new LedgerCover(
                from.firstEntry(),
                to.lastEntry(),
                to.catalogEntry(),
                from.firstSequence(),
                to.lastSequence(),
                to.lastSegmentSha256(),
                to.timeline(),
                from.start(),
                to.end(),
                from.fromMicros(),
                to.toMicros(),
                to.safePoint(),
                to.clock());
        LedgerLimits.Chosen<TableTotals> totals = LedgerLimits.tables(tables.values());
        LedgerLimits.Chosen<LargeTransaction> transactions = LedgerLimits.large(large);
        LedgerLimits.Chosen<Notable> events = LedgerLimits.notables(notables);
        LedgerDigest digest = new LedgerDigest(
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
                end.digest().stale(),
                end.digest().staleOmitted(),
                end.digest().inDoubt());
        return new LedgerEntry(
                level,
                begin.shard(),
                period(begin),
                lastSha256,
                period(begin),
                cover,
                digest,
                LedgerLimits.names(names),
                List.of(),
                List.of(),
                List.of(),
                List.of());
    }
}
