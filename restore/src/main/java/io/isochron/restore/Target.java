package io.isochron.restore;

import io.isochron.wal.Lsn;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/** What a restore was asked for. */
public sealed interface Target {

    /** The target in the words a person would use. */
    String describe();

    /**
     * Everything that had committed by a moment and nothing that committed later.
     *
     * @param moment in reference time; finer than a microsecond is cut off
     */
    record Time(Instant moment) implements Target {
        @Override
        public String describe() {
            return "time " + moment;
        }
    }

    /** The newest moment that every shard's archive reaches. */
    record Latest() implements Target {
        @Override
        public String describe() {
            return "latest";
        }
    }

    /**
     * The moment just before a transaction became visible anywhere.
     *
     * @param shard a shard on which the transaction committed
     * @param xid its transaction id there (the unsigned 32 bits of the WAL)
     */
    record BeforeTransaction(String shard, int xid) implements Target {
        @Override
        public String describe() {
            return "before transaction " + Integer.toUnsignedString(xid) + " of shard " + shard;
        }
    }

    /**
     * An explicit position for every shard, of grade {@code shard}: nothing is promised across shards.
     *
     * @param positions record boundaries by shard name
     */
    record Lsns(Map<String, Lsn> positions) implements Target {
        public Lsns {
            positions = java.util.Collections.unmodifiableMap(new TreeMap<>(positions));
        }

        @Override
        public String describe() {
            return "positions " + positions;
        }
    }
}
