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
     * Directly after a transaction was committed: it is included on every shard it has a part on; on the shard where it committed first the boundary
     * is the end of that commit, the rest is cut at that time, or as little later as is needed to hold the whole transaction.
     *
     * @param shard name of a shard
     * @param xid unsigned id of the transaction (not of a subtransaction) on that shard
     */
    record AfterTransaction(String shard, int xid) implements Target {}

    /**
     * A restore point ({@code pg_create_restore_point}): its position on every shard that has one of this name
     * ({@code citus_create_restore_point} makes one on each), the latest of their times on the others. Boundaries are lowered where a global
     * transaction would be torn, so that the cut is atomic whoever made the points.
     */
    record NamedRestorePoint(String name) implements Target {}

    /**
     * A position for every shard. A position within a record means a boundary before it; those of committed global transactions that
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
     * A {@link Fence} by its number: grade {@code external}. Every shard must have its mark.
     *
     * @param id the fence's number
     */
    record AtFence(long id) implements Target {}

    /** The last fence at or before a moment of reference time. The cut's target is then that fence. */
    record FenceBefore(Instant moment) implements Target {}
}
