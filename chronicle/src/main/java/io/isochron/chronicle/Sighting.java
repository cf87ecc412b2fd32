package io.isochron.chronicle;

import io.isochron.chronicle.Incident.Part;
import io.isochron.chronicle.Incident.TableEffect;
import io.isochron.chronicle.LargeTransaction.Effect;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A transaction of one shard as its ledger lists it.
 *
 * @param shard name of the shard
 * @param known the shard's names
 * @param transaction what is listed
 * @param statements what the entry says about its statements
 * @param effects on users' tables and on storage whose name is not known; rows that went with a table count as deleted
 */
record Sighting(
        String shard,
        LedgerNames known,
        LargeTransaction transaction,
        List<DdlStatement> statements,
        List<Effect> effects) {
    /** @param rows inserted less deleted rows of each storage so far */
    static Sighting of(
            LedgerEntry entry, LedgerNames known, LargeTransaction transaction, Map<RelationFile, Long> rows) {
        List<Effect> effects = new ArrayList<>(transaction.effects().size());
        for (Effect effect : transaction.effects()) {
            RelationObservation name = known.find(effect.file(), transaction.commitStart());
            if (name != null && !CommitEffects.usersTable(name)) {
                continue;
            }
            long lost = effect.removes() ? Math.max(0, rows.getOrDefault(effect.file(), 0L)) : 0;
            effects.add(
                    lost == 0
                            ? effect
                            : new Effect(
                                    effect.file(),
                                    effect.inserted(),
                                    effect.updated(),
                                    effect.deleted() + lost,
                                    effect.what()));
        }
        return new Sighting(
                entry.shard(), known, transaction, entry.digest().statements().items(), effects);
    }

    UsualSize usual(UsualSizes sizes, Effect effect) {
        return sizes.of(shard, known.find(effect.file(), transaction.commitStart()), effect.file());
    }

    Part part() {
        List<TableEffect> tables = new ArrayList<>();
        for (Effect effect : effects) {
            RelationObservation name = known.find(effect.file(), transaction.commitStart());
            tables.add(new TableEffect(
                    name == null ? "" : name.database(),
                    name == null ? 0 : name.oid(),
                    known.name(effect.file(), transaction.commitStart()),
                    effect.file(),
                    effect.inserted(),
                    effect.updated(),
                    effect.deleted(),
                    effect.what()));
        }
        return new Part(
                shard,
                transaction.xid(),
                transaction.gid(),
                // what is seen when it arrives may have been committed before
                ClusterHistory.instant(Math.min(transaction.firstSeenMicros(), transaction.committedMicros())),
                transaction.commitStart(),
                transaction.commitEnd(),
                ClusterHistory.instant(transaction.committedMicros()),
                tables,
                transaction.effectsOmitted(),
                statements.stream()
                        .filter(one ->
                                one.xid() == transaction.xid() && one.at().equals(transaction.commitEnd()))
                        .map(DdlStatement::ddl)
                        .toList());
    }
}
