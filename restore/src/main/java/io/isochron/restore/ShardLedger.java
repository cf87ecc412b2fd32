package io.isochron.restore;

import io.isochron.chronicle.LedgerEntry;
import java.util.List;

/**
 * What one shard's ledger says of a stretch of time.
 *
 * @param shard name of the shard
 * @param entries entries of all levels that follow each other, oldest first; the last may be unfinished: made from segments that no stored entry covers yet
 * @param breaks where the ledger is not what it must be: a missing entry, or one that does not follow the one before; empty if all is well
 */
public record ShardLedger(String shard, List<LedgerEntry> entries, List<String> breaks) {
    public ShardLedger {
        entries = List.copyOf(entries);
        breaks = List.copyOf(breaks);
    }
}
