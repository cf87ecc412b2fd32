package io.isochron.restore;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Decides the transactions that were prepared and undecided at the cut, exactly as the plan says. Before anything is decided the server's prepared
 * transactions must be those of the plan, no more and no fewer.
 */
final class InDoubtSettlement {

    private final String shard;
    private final Sessions sessions;
    private final List<PlannedDecision> decisions;

    InDoubtSettlement(String shard, Sessions sessions, List<PlannedDecision> decisions) {
        this.shard = shard;
        this.sessions = sessions;
        this.decisions = decisions;
    }

    private record Prepared(int xid, String gid, String database) {}

    /**
     * Compares; changes nothing.
     *
     * @throws RestoreException naming what is missing or unexpected
     */
    void compare() throws SQLException, IOException {
        Map<String, Prepared> present = present();
        List<String> wrong = new ArrayList<>();
        for (PlannedDecision decision : decisions) {
            Prepared found = present.remove(decision.gid());
            if (found == null) {
                wrong.add("missing " + decision.gid());
            } else if (found.xid() != decision.xid()) {
                wrong.add(decision.gid() + " has xid " + Integer.toUnsignedString(found.xid()) + " instead of "
                        + Integer.toUnsignedString(decision.xid()));
            }
        }
        present.keySet().forEach(gid -> wrong.add("unexpected " + gid));
        if (!wrong.isEmpty()) {
            throw new RestoreException(
                    "prepared transactions of the restored shard " + shard + " are not those of the cut: "
                            + String.join(", ", wrong),
                    "the restored shard is not at the cut and must not be used; keep the target and report it");
        }
    }

    /** Carries out every decision that was not carried out before. */
    void settle() throws SQLException, IOException {
        Map<String, PlannedDecision> byGid = new HashMap<>();
        decisions.forEach(decision -> byGid.put(decision.gid(), decision));
        Map<String, List<Prepared>> byDatabase = new TreeMap<>();
        for (Prepared prepared : present().values()) {
            byDatabase
                    .computeIfAbsent(prepared.database(), name -> new ArrayList<>())
                    .add(prepared);
        }
        for (Map.Entry<String, List<Prepared>> database : byDatabase.entrySet()) {
            try (Connection connection = sessions.open(database.getKey(), true);
                    Statement statement = connection.createStatement()) {
                for (Prepared prepared : database.getValue()) {
                    PlannedDecision decision = byGid.get(prepared.gid());
                    if (decision == null) {
                        throw new RestoreException(
                                "restored shard " + shard + " has the prepared transaction " + prepared.gid()
                                        + ", which the cut does not know",
                                "the restored shard is not at the cut and must not be used; keep the target and report it");
                    }
                    statement.execute((decision.commit() ? "commit prepared " : "rollback prepared ")
                            + Sessions.literal(decision.gid()));
                }
            }
        }
    }

    /** Looks at the outcome: nothing is prepared any more, and the transaction log says of each branch what was decided. */
    Proof prove() throws SQLException {
        long begin = System.nanoTime();
        List<String> wrong = new ArrayList<>();
        present().keySet().forEach(gid -> wrong.add(gid + " is still prepared"));
        int commits = 0;
        try (Connection connection = sessions.open(sessions.anyDatabase(), false);
                Statement statement = connection.createStatement()) {
            for (PlannedDecision decision : decisions) {
                String status = status(statement, decision.xid());
                String expected = decision.commit() ? "committed" : "aborted";
                commits += decision.commit() ? 1 : 0;
                if (!expected.equals(status)) {
                    wrong.add(decision.gid() + " is " + status + " instead of " + expected);
                }
            }
        }
        String detail = wrong.isEmpty()
                ? decisions.size() + " in doubt, " + commits + " committed, " + (decisions.size() - commits)
                        + " rolled back, none left"
                : String.join(", ", wrong);
        return new Proof(
                "decisions",
                shard,
                wrong.isEmpty() ? Proof.Outcome.HELD : Proof.Outcome.FAILED,
                detail,
                (System.nanoTime() - begin) / 1_000_000);
    }

    /** {@code pg_xact_status} wants the 64-bit id; a branch in doubt lies less than one epoch behind the newest. */
    private static String status(Statement statement, int xid) throws SQLException {
        String sql =
                "select pg_catalog.pg_xact_status((case when low <= newest then low else low - 4294967296 end)::text::xid8) from ("
                        + "select newest, (newest >> 32 << 32) + " + Integer.toUnsignedLong(xid) + " as low from ("
                        + "select pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint as newest) a) b";
        try (ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            String status = rows.getString(1);
            return status == null ? "forgotten" : status;
        }
    }

    private Map<String, Prepared> present() throws SQLException {
        Map<String, Prepared> present = new TreeMap<>();
        try (Connection connection = sessions.open(sessions.anyDatabase(), false);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select transaction::text::bigint, gid, database from pg_catalog.pg_prepared_xacts")) {
            while (rows.next()) {
                Prepared prepared = new Prepared((int) rows.getLong(1), rows.getString(2), rows.getString(3));
                present.put(prepared.gid(), prepared);
            }
        }
        return present;
    }
}
