package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.time.Instant;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The moment that is asked for. */
public sealed interface Target {
    /** Everything committed by this moment of reference time (microsecond resolution; finer digits are cut off), nothing later. */
    record Time(Instant moment) implements Target {}

    /** The last moment that every shard's archive is known to cover. */
    record Latest() implements Target {}

    /**
     * Directly before a transaction became visible: it is excluded on every shard it has a part on; on the shard where it committed first
     * the boundary is the record before that commit, the rest is cut at that time.
     *
     * @param shard name of a shard
     * @param xid unsigned id of the transaction (not of a subtransaction) on that shard
     */
    record BeforeTransaction(String shard, int xid) implements Target {}

    /**
     * A position for every shard. A position within a record means the boundary before it; those of committed global transactions that
     * contradict each other are lowered like any other.
     */
    record Positions(SortedMap<String, Lsn> byShard) implements Target {
        public Positions {
            byShard = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(byShard));
        }

        /** From any map. */
        public static Positions of(Map<String, Lsn> byShard) {
            return new Positions(new TreeMap<>(byShard));
        }
    }

    /**
     * A fence: an instant at which nothing beyond these positions was visible to anyone on any shard.
     *
     * @param id the fence's name
     * @param byShard last confirmed position of every shard
     */
    record Fence(String id, SortedMap<String, Lsn> byShard) implements Target {
        public Fence {
            byShard = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(byShard));
        }
    }
}
