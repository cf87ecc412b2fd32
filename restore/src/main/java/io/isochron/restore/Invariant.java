package io.isochron.restore;

import org.jspecify.annotations.Nullable;

/**
 * Something that must be true of the data of the whole cluster at every moment, said in SQL that runs on every shard.
 *
 * @param name what a report calls it
 * @param kind how the shards' answers are put together
 * @param database the database on every shard, or null for {@link RestoreOptions#database()}
 * @param sql one SELECT without a closing semicolon
 * @param expected the sum for {@link Kind#SUM} (a decimal number), the number of appearances for {@link Kind#MATCHED} (at least 1);
 *     unused for {@link Kind#EMPTY}
 */
public record Invariant(String name, Kind kind, @Nullable String database, String sql, String expected) {

    /** How the shards' answers are put together. */
    public enum Kind {
        /** The first column of the one row of each shard, added up over the shards, equals {@code expected}. */
        SUM,
        /** Each value of the first column appears exactly {@code expected} times, counted over all rows of all shards. */
        MATCHED,
        /** No shard returns a row. */
        EMPTY
    }

    public Invariant {
        if (name.isBlank() || sql.isBlank()) {
            throw new IllegalArgumentException(
                    "an invariant needs a name and SQL\nhint: give both, for example name: balances, sql:"
                            + " select sum(balance) from accounts");
        }
        try {
            switch (kind) {
                case SUM -> new java.math.BigDecimal(expected);
                case MATCHED -> {
                    if (Long.parseLong(expected) < 1) {
                        throw new NumberFormatException(expected);
                    }
                }
                case EMPTY -> {}
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "invariant " + name + " expects '" + expected + "', which is not a number that fits the kind "
                            + kind + "\nhint: a sum expects a decimal number, matched a whole number of at least 1",
                    e);
        }
    }

    /** The sum over all shards equals a value. */
    public static Invariant sum(String name, String sql, String expected) {
        return new Invariant(name, Kind.SUM, null, sql, expected);
    }

    /** Each value appears exactly so many times in the cluster. */
    public static Invariant matched(String name, String sql, long times) {
        return new Invariant(name, Kind.MATCHED, null, sql, Long.toString(times));
    }

    /** No shard returns a row. */
    public static Invariant empty(String name, String sql) {
        return new Invariant(name, Kind.EMPTY, null, sql, "");
    }
}
