package io.isochron.chronicle;

import io.isochron.chronicle.LargeTransaction.Effect;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * What stays in a ledger entry when there is too much of something; the rest is counted there. Every choice is a function of the set chosen from, so that an entry made again has the same bytes.
 *
 * <p>Of transactions that drop, truncate or rewrite tables the {@link #STORAGE_MAX} that did it to the most tables and rows stay. Of all others stay: for each storage the one with the most deleted rows
 * ({@link #DELETERS_MAX} storages, most rows first) and the one with the most updated ones ({@link #UPDATERS_MAX}), each if that alone makes it large, so that no table's worst is crowded out by what is done to
 * others; and until there are {@link #LARGE_MAX} those of the greatest {@link LargeTransaction#weight}. A table's worst is the worst of its minute,
 * so roll-ups keep it.
 */
final class LedgerLimits {
    static final int STORAGE_MAX = 256;
    static final int LARGE_MAX = 128;
    static final int DELETERS_MAX = 256;
    static final int UPDATERS_MAX = 128;
    /** Most large transactions in an entry. */
    static final int ALL_MAX = STORAGE_MAX + DELETERS_MAX + UPDATERS_MAX;

    private static final Comparator<LargeTransaction> BY_COMMIT =
            Comparator.comparing(LargeTransaction::commitEnd).thenComparingInt(LargeTransaction::xid);
    private static final Comparator<LargeTransaction> HEAVIEST =
            Comparator.comparingLong(LargeTransaction::weight).reversed().thenComparing(BY_COMMIT);
    private static final Comparator<LargeTransaction> MOST_TABLES = Comparator.<LargeTransaction>comparingInt(
                    t -> t.effects().size() + t.effectsOmitted())
            .reversed()
            .thenComparing(HEAVIEST);
    private static final Comparator<RelationFile> BY_FILE = Comparator.<RelationFile>comparingLong(
                    file -> Integer.toUnsignedLong(file.databaseOid()))
            .thenComparingLong(file -> Integer.toUnsignedLong(file.fileNumber()))
            .thenComparingLong(file -> Integer.toUnsignedLong(file.tablespaceOid()));

    private LedgerLimits() {}

    /** Something chosen, and how many were not. */
    record Chosen<T>(List<T> items, long omitted) {}

    static Chosen<LargeTransaction> large(Collection<LargeTransaction> all) {
        List<LargeTransaction> storage = new ArrayList<>();
        List<LargeTransaction> others = new ArrayList<>();
        for (LargeTransaction one : all) {
            (one.changesStorage() ? storage : others).add(one);
        }
        storage.sort(MOST_TABLES);
        List<LargeTransaction> kept = new ArrayList<>(storage.subList(0, Math.min(STORAGE_MAX, storage.size())));
        if (others.size() <= LARGE_MAX) {
            kept.addAll(others);
        } else {
            others.sort(HEAVIEST);
            Set<LargeTransaction> chosen = new HashSet<>();
            chosen.addAll(tops(others, Effect::deleted, LargeTransaction.DELETED_MIN, DELETERS_MAX));
            chosen.addAll(tops(others, Effect::updated, LargeTransaction.UPDATED_MIN, UPDATERS_MAX));
            for (int i = 0; i < others.size() && chosen.size() < LARGE_MAX; i++) {
                chosen.add(others.get(i));
            }
            kept.addAll(chosen);
        }
        kept.sort(BY_COMMIT);
        return new Chosen<>(kept, all.size() - kept.size());
    }

    /** For each storage the transaction with the most rows of a kind, of those the ones with the most. */
    private static List<LargeTransaction> tops(
            List<LargeTransaction> heaviestFirst, ToLongFunction<Effect> rows, long least, int most) {
        record Top(LargeTransaction transaction, long rows) {}
        Map<RelationFile, Top> tops = new LinkedHashMap<>();
        for (LargeTransaction one : heaviestFirst) {
            for (Effect effect : one.effects()) {
                long count = rows.applyAsLong(effect);
                Top top = count < least ? null : tops.get(effect.file());
                if (count >= least && (top == null || count > top.rows)) {
                    tops.put(effect.file(), new Top(one, count));
                }
            }
        }
        return tops.values().stream()
                .sorted(Comparator.comparingLong(Top::rows).reversed().thenComparing(Top::transaction, HEAVIEST))
                .limit(most)
                .map(Top::transaction)
                .toList();
    }

    static Chosen<TableTotals> tables(Collection<TableTotals> all) {
        List<TableTotals> kept = new ArrayList<>(all);
        if (kept.size() > LedgerDigest.TABLES_MAX) {
            kept.sort(
                    Comparator.<TableTotals>comparingLong(table -> table.rows() + table.toastRows() + table.removals())
                            .reversed()
                            .thenComparing(TableTotals::file, BY_FILE));
            kept.subList(LedgerDigest.TABLES_MAX, kept.size()).clear();
        }
        kept.sort(Comparator.comparing(TableTotals::file, BY_FILE));
        return new Chosen<>(kept, all.size() - kept.size());
    }

    static Chosen<Notable> notables(Collection<Notable> all) {
        List<Notable> kept = new ArrayList<>(all);
        Comparator<Notable> order = Comparator.comparing(Notable::at)
                .thenComparing(Notable::kind)
                .thenComparingInt(Notable::xid)
                .thenComparing(notable -> notable.file() == null ? new RelationFile(0, 0, 0) : notable.file(), BY_FILE)
                .thenComparing(Notable::text);
        if (kept.size() > LedgerDigest.NOTABLES_MAX) {
            kept.sort(Comparator.comparing(Notable::kind).thenComparing(order));
            kept.subList(LedgerDigest.NOTABLES_MAX, kept.size()).clear();
        }
        kept.sort(order);
        return new Chosen<>(kept, all.size() - kept.size());
    }

    static Chosen<OpenPrepared> stale(List<OpenPrepared> all) {
        List<OpenPrepared> kept = all.stream()
                .sorted(Comparator.comparingLong(OpenPrepared::timeMicros).thenComparingInt(OpenPrepared::xid))
                .limit(LedgerDigest.STALE_MAX)
                .toList();
        return new Chosen<>(kept, all.size() - kept.size());
    }

    static List<CarriedWork> carried(List<CarriedWork> all) {
        List<CarriedWork> kept = new ArrayList<>(all);
        Comparator<CarriedWork> order = Comparator.<CarriedWork>comparingLong(
                        work -> Integer.toUnsignedLong(work.xid()))
                .thenComparing(CarriedWork::file, BY_FILE);
        if (kept.size() > CarriedWork.MAX) {
            kept.sort(Comparator.<CarriedWork>comparingLong(
                            work -> work.inserted() + work.updated() + work.deleted() + work.pagesWritten())
                    .reversed()
                    .thenComparing(order));
            kept.subList(CarriedWork.MAX, kept.size()).clear();
        }
        kept.sort(order);
        return kept;
    }

    static List<RelationObservation> names(Collection<RelationObservation> all) {
        return all.stream()
                .sorted(Comparator.<RelationObservation>comparingLong(
                                name -> Integer.toUnsignedLong(name.databaseOid()))
                        .thenComparingLong(name -> Integer.toUnsignedLong(name.oid()))
                        .thenComparing(RelationObservation::at)
                        .thenComparing(RelationObservation::file, BY_FILE)
                        .thenComparing(RelationObservation::name))
                .distinct()
                .toList();
    }
}
