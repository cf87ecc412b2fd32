package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened on a shard and is worth a line of its own.
 *
 * @param kind what
 * @param at a position: end of its record, or of the commit that made it so
 * @param atMicros reference time
 * @param xid unsigned transaction id, 0 for none
 * @param file the storage it is about; null for none
 * @param value a number whose meaning depends on the kind, 0 for none
 * @param text for people, possibly empty
 */
public record Notable(
        Kind kind, Lsn at, long atMicros, int xid, @Nullable RelationFile file, long value, String text) {
    /** Kinds. When there are too many, the last of these are left out first. */
    public enum Kind {
        /** WAL is missing; the value is the number of bytes. */
        GAP(0),
        /** The shard went on on another PostgreSQL timeline (a failover); the value is its number. */
        TIMELINE_SWITCH(1),
        /** The shard's clock jumped; the value is by how many microseconds. */
        CLOCK_STEP(2),
        /** A named restore point; the text is its name. */
        RESTORE_POINT(3),
        /** A mark of an application; the text is what it says. */
        MARK(4),
        /** Settings that replay must match changed. */
        PARAMETERS(5),
        /** A tablespace was created; the text is its path. */
        TABLESPACE(6),
        /** A table was dropped. */
        DROPPED(7),
        /** A table was truncated. */
        TRUNCATED(8),
        /** A table's storage was written anew (VACUUM FULL, CLUSTER, ALTER TABLE). */
        REWRITTEN(9),
        /** A table has another name; the text is the old one and the new one. */
        RENAMED(10),
        /** A catalog of tables or columns was changed by an ALTER, GRANT or the like. */
        ALTERED(11),
        /** Storage was created: a table, once its name is known, else an index or the like. */
        CREATED(12),
        /** A fence; the value is its number. */
        FENCE(13);

        /** Number in the ledger format. */
        final int code;

        Kind(int code) {
            this.code = code;
        }

        /** Whether it is a change of the schema. */
        public boolean ddl() {
            return switch (this) {
                case DROPPED, TRUNCATED, REWRITTEN, RENAMED, ALTERED, CREATED -> true;
                case GAP, TIMELINE_SWITCH, CLOCK_STEP, RESTORE_POINT, MARK, PARAMETERS, TABLESPACE, FENCE -> false;
            };
        }
    }
}
