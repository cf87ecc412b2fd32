package io.isochron.workload;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * Whether a bank is whole. The shards must stand still: a restored cluster, or a live one whose traffic is paused. One connection
 * per shard, in the shards' order.
 *
 * @param accounts accounts on all shards
 * @param balance sum of all balances
 * @param transfersAcross transfers between two shards of which both sides are there
 * @param orders orders on all shards
 * @param prepared prepared transactions that nobody decided yet; they hold no invariant
 * @param violations what does not hold, a sentence each; empty when the bank is whole
 */
public record BankCheck(
        long accounts, long balance, long transfersAcross, long orders, long prepared, List<String> violations) {
    private static final int VIOLATIONS_MAX = 100;
    private static final int FETCH_ROWS = 10_000;

    public BankCheck {
        violations = List.copyOf(violations);
    }

    public boolean holds() {
        return violations.isEmpty();
    }

    /** Checks every invariant; memory does not grow with the number of transfers. */
    public static BankCheck of(Bank bank, List<Connection> shards) throws SQLException {
        if (shards.size() != bank.shards()) {
            throw new IllegalArgumentException(shards.size() + " connections for " + bank.shards() + " shards");
        }
        List<String> violations = new ArrayList<>();
        long accounts = 0;
        long balance = 0;
        long orders = 0;
        long prepared = 0;
        for (int shard = 0; shard < shards.size(); shard++) {
            Connection connection = shards.get(shard);
            accounts += number(connection, "select count(*) from accounts");
            balance += number(connection, "select coalesce(sum(balance), 0) from accounts");
            orders += number(connection, "select count(*) from orders");
            prepared +=
                    number(connection, "select count(*) from pg_prepared_xacts where database = current_database()");
            long wrong = number(connection, """
                    select count(*) from accounts a
                      full join (select account_id, sum(case side when 'C' then amount else -amount end) as moved
                                   from transfers group by account_id) t on t.account_id = a.id
                     where a.id is null or a.balance <> %d + coalesce(t.moved, 0)""".formatted(bank.initialBalance()));
            if (wrong > 0) {
                violations.add("shard " + shard + ": " + wrong + " accounts do not agree with their ledger");
            }
            long single = number(connection, """
                    select count(*) from (select id from transfers where other_shard = %d
                     group by id having count(*) <> 2 or sum(case side when 'C' then amount else -amount end) <> 0) x""".formatted(shard));
            if (single > 0) {
                violations.add("shard " + shard + ": " + single + " transfers within the shard have one side only");
            }
        }
        if (accounts != (long) bank.shards() * bank.accountsPerShard()) {
            violations.add(
                    "there are " + accounts + " accounts, not " + (long) bank.shards() * bank.accountsPerShard());
        }
        if (balance != bank.total()) {
            violations.add("balances add up to " + balance + ", not to " + bank.total());
        }
        long across = 0;
        for (int from = 0; from < shards.size(); from++) {
            for (int to = 0; to < shards.size(); to++) {
                if (from != to) {
                    across += comparePair(shards, from, to, violations);
                }
            }
        }
        return new BankCheck(accounts, balance, across, orders, prepared, violations);
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getLong(1);
        }
    }

    /** Debits on one shard against the credits on the other, merged by id. Returns how many have both sides. */
    private static long comparePair(List<Connection> shards, int from, int to, List<String> violations)
            throws SQLException {
        try (Side debits = new Side(shards.get(from), 'D', to);
                Side credits = new Side(shards.get(to), 'C', from)) {
            long both = 0;
            while (!debits.atEnd() || !credits.atEnd()) {
                int order = Long.compare(debits.id(), credits.id());
                if (order == 0) {
                    both++;
                    if (debits.amount() != credits.amount()) {
                        add(
                                violations,
                                "transfer " + debits.id() + ": debit of " + debits.amount() + " on shard " + from
                                        + ", credit of " + credits.amount() + " on shard " + to);
                    }
                    debits.next();
                    credits.next();
                } else if (order < 0) {
                    add(
                            violations,
                            "transfer " + debits.id() + ": debit on shard " + from + ", no credit on shard " + to);
                    debits.next();
                } else {
                    add(
                            violations,
                            "transfer " + credits.id() + ": credit on shard " + to + ", no debit on shard " + from);
                    credits.next();
                }
            }
            return both;
        }
    }

    private static void add(List<String> violations, String violation) {
        if (violations.size() < VIOLATIONS_MAX) {
            violations.add(violation);
        }
    }

    /**
     * Which acknowledged transactions are not on their shards. An empty answer means that nothing of what clients were told had
     * been committed is lost.
     */
    public static List<Acknowledged> missing(List<Connection> shards, Collection<Acknowledged> acknowledged)
            throws SQLException {
        List<Acknowledged> missing = new ArrayList<>();
        for (int shard = 0; shard < shards.size(); shard++) {
            int here = shard;
            for (Acknowledged.Kind kind : Acknowledged.Kind.values()) {
                List<Acknowledged> expected = acknowledged.stream()
                        .filter(each -> each.kind() == kind && (each.shard() == here || each.otherShard() == here))
                        .toList();
                for (int at = 0; at < expected.size(); at += FETCH_ROWS) {
                    missing.addAll(missingOf(
                            shards.get(shard), kind, expected.subList(at, Math.min(expected.size(), at + FETCH_ROWS))));
                }
            }
        }
        return missing;
    }

    private static List<Acknowledged> missingOf(
            Connection connection, Acknowledged.Kind kind, List<Acknowledged> expected) throws SQLException {
        String table = kind == Acknowledged.Kind.ORDER ? "orders" : "transfers";
        Long[] ids = expected.stream().map(Acknowledged::id).toArray(Long[]::new);
        Array array = connection.createArrayOf("bigint", ids);
        List<Acknowledged> missing = new ArrayList<>();
        try (PreparedStatement query =
                connection.prepareStatement("select e.place from unnest(?::bigint[]) with ordinality e (id, place)"
                        + " where not exists (select from " + table + " t where t.id = e.id)")) {
            query.setArray(1, array);
            try (ResultSet result = query.executeQuery()) {
                while (result.next()) {
                    missing.add(expected.get((int) result.getLong(1) - 1));
                }
            }
        } finally {
            array.free();
        }
        return missing;
    }

    /** One side of the transfers between two shards, in order of id, read in portions. */
    private static final class Side implements AutoCloseable {
        private final Connection connection;
        private final char side;
        private final int other;
        private final long[] ids = new long[FETCH_ROWS];
        private final long[] amounts = new long[FETCH_ROWS];
        private int count;
        private int at;
        private long last = Long.MIN_VALUE;

        Side(Connection connection, char side, int other) throws SQLException {
            this.connection = Objects.requireNonNull(connection);
            this.side = side;
            this.other = other;
            fetch();
        }

        private void fetch() throws SQLException {
            at = 0;
            count = 0;
            try (PreparedStatement query = connection.prepareStatement("select id, amount from transfers"
                    + " where side = ? and other_shard = ? and id > ? order by id limit " + FETCH_ROWS)) {
                query.setString(1, String.valueOf(side));
                query.setInt(2, other);
                query.setLong(3, last);
                try (ResultSet result = query.executeQuery()) {
                    while (result.next()) {
                        ids[count] = result.getLong(1);
                        amounts[count] = result.getLong(2);
                        last = ids[count++];
                    }
                }
            }
        }

        boolean atEnd() {
            return at >= count;
        }

        /** Beyond the end every id of the other side is the smaller one. */
        long id() {
            return atEnd() ? Long.MAX_VALUE : ids[at];
        }

        long amount() {
            return amounts[at];
        }

        void next() throws SQLException {
            if (++at == FETCH_ROWS) {
                fetch();
            }
        }

        @Override
        public void close() {
            at = count;
        }
    }
}
