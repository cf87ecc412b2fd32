package io.isochron.workload;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The bank's shape. Account {@code id} lives on shard {@code id mod shards}; ids run from 0 to {@code shards * accountsPerShard - 1}.
 *
 * @param shards number of shards, 1 or more
 * @param accountsPerShard accounts on each shard, 2 or more
 * @param initialBalance balance of each account at the beginning, in cents
 */
public record Bank(int shards, int accountsPerShard, long initialBalance) {
    public Bank {
        if (shards < 1 || accountsPerShard < 2 || initialBalance < 0) {
            throw new IllegalArgumentException(
                    "a bank of " + shards + " shards with " + accountsPerShard + " accounts each");
        }
    }

    /** 1,000 accounts on each shard with 1,000.00 each. */
    public static Bank of(int shards) {
        return new Bank(shards, 1_000, 100_000);
    }

    /** What all balances of all shards add up to, always. */
    public long total() {
        return (long) shards * accountsPerShard * initialBalance;
    }

    /** The shard of an account. */
    public int shardOf(long account) {
        return (int) (account % shards);
    }

    /** The account of an index from 0 on a shard. */
    public long account(int shard, int index) {
        return (long) index * shards + shard;
    }

    /**
     * Makes the tables of one shard and its accounts, in one transaction of the connection's own if it commits by itself.
     *
     * @param shard the shard's index from 0
     */
    public void create(Connection connection, int shard) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("""
                    create table accounts (
                        id bigint primary key,
                        owner text not null,
                        balance bigint not null,
                        changed_at timestamptz not null default now());
                    create table transfers (
                        id bigint not null,
                        side char(1) not null check (side in ('D', 'C')),
                        account_id bigint not null,
                        amount bigint not null,
                        other_shard int not null,
                        made_at timestamptz not null default clock_timestamp(),
                        primary key (id, side));
                    create table orders (
                        id bigint primary key,
                        account_id bigint not null,
                        amount bigint not null,
                        status text not null,
                        note text not null,
                        made_at timestamptz not null default clock_timestamp());
                    create index orders_by_account on orders (account_id)""");
        }
        try (PreparedStatement insert =
                connection.prepareStatement("insert into accounts (id, owner, balance) select i::bigint * ? + ?,"
                        + " 'owner ' || (i::bigint * ? + ?), ? from generate_series(0, ? - 1) i")) {
            insert.setInt(1, shards);
            insert.setInt(2, shard);
            insert.setInt(3, shards);
            insert.setInt(4, shard);
            insert.setLong(5, initialBalance);
            insert.setInt(6, accountsPerShard);
            insert.executeUpdate();
        }
    }
}
