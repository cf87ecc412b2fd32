package io.isochron.chronicle;

import java.util.List;
import java.util.Optional;

/** How a coordinator names its two-phase transactions: which gids are branches of one global transaction. */
public interface Dialect {
    /** Short name for documents and messages. */
    String name();

    /**
     * The global transaction that a gid belongs to.
     *
     * @return a key that all its branches share and no other transaction has at the same time; empty if this dialect does not know the gid
     */
    Optional<String> globalTransaction(String gid);

    /**
     * Whether this coordinator records its decision to commit in a shard's own log, where a segment's decision records show it. Such a record
     * rules: its commit is the decision, and it precedes every COMMIT PREPARED.
     *
     * @param gid one that this dialect knows
     */
    default boolean recordsDecision(String gid) {
        return false;
    }

    /** XA through pgjdbc (Narayana, Atomikos, ShardingSphere): {@code <formatId>_<base64 gtrid>_<base64 bqual>}; key: the first two. */
    static Dialect xa() {
        return Dialects.XA;
    }

    /** PgDog: {@code __pgdog_2pc_[<deployment>_]<instance>_<random>_<shard>}; key: all but the shard. */
    static Dialect pgDog() {
        return Dialects.PGDOG;
    }

    /**
     * Citus: {@code citus_<origin group>_<origin pid>_<transaction>_<connection>}; key: all but the connection, within the time in which the
     * branches are open (the numbers recur). The decision is the origin node's commit that inserted the gids into {@code pg_dist_transaction}.
     */
    static Dialect citus() {
        return Dialects.CITUS;
    }

    /** The coordinators that are told apart by their gids' form unless another dialect is asked for: XA, Citus and PgDog. */
    static Dialect known() {
        return Dialects.KNOWN;
    }

    /**
     * A coordinator of one's own.
     *
     * @param regex matched against the whole gid; exactly one group, which names the transaction
     * @throws IllegalArgumentException if it is not a regular expression or has not exactly one group
     */
    static Dialect pattern(String regex) {
        return new Dialects.OwnPattern(regex);
    }

    /** The first of several dialects that knows a gid. */
    static Dialect anyOf(List<Dialect> dialects) {
        return new Dialects.AnyOf(dialects, true);
    }
}
