package io.isochron.workload;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.XAConnection;
import javax.sql.XADataSource;

/**
 * The coordinator's memory: transfers of which the commit was decided and not yet acknowledged by all shards. Any other prepared
 * branch of this run is to be rolled back.
 */
final class InDoubt {
    private final Set<Long> decided = ConcurrentHashMap.newKeySet();

    /** Must be called before the first COMMIT PREPARED goes out. */
    void decideCommit(long id) {
        decided.add(id);
    }

    boolean isDecided(long id) {
        return decided.contains(id);
    }

    void settled(long id) {
        decided.remove(id);
    }

    int count() {
        return decided.size();
    }

    /**
     * Settles every prepared branch of the given runs on one shard; no client may be at work.
     *
     * @return the number of branches settled
     */
    int settle(XADataSource source, int run) throws SQLException {
        XAConnection fresh = source.getXAConnection();
        try {
            Connection connection = fresh.getConnection();
            List<String> gids = new ArrayList<>();
            try (Statement statement = connection.createStatement();
                    ResultSet result = statement.executeQuery(
                            "select gid from pg_prepared_xacts where database = current_database()")) {
                while (result.next()) {
                    gids.add(result.getString(1));
                }
            }
            int count = 0;
            for (String gid : gids) {
                OptionalLong id = BankXid.idOf(gid);
                if (id.isPresent() && TransactionIds.runOf(id.getAsLong()) == run) {
                    String verb = decided.contains(id.getAsLong()) ? "commit" : "rollback";
                    try (Statement statement = connection.createStatement()) {
                        statement.execute(verb + " prepared '" + gid + "'");
                    }
                    count++;
                }
            }
            return count;
        } finally {
            fresh.close();
        }
    }

    /** Every shard was settled: nothing is in doubt any more. */
    void allSettled() {
        decided.clear();
    }
}
