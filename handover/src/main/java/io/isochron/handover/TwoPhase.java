package io.isochron.handover;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Two-phase commit over several live shards, without a log of its own.
 *
 * <p>Branches are prepared in the order 1 to n and committed in the same order. So branch n exists as prepared from the moment
 * when all are prepared until all others are committed, and its presence alone is the decision: a run that finds branch n of a
 * crashed one commits what is left; a run that does not find it rolls back what is left. PREPARE and COMMIT PREPARED are durable
 * when they return, whatever {@code synchronous_commit} says (PostgreSQL, twophase.c).
 *
 * <p>A gid has the shape that pgjdbc gives XA transactions, {@code <formatId>_<base64 gtrid>_<base64 bqual>}, so that a cut
 * through the middle of a back-fill finds its branches. The formatId is "ISOC" as a number; the gtrid names the run; the bqual
 * is {@code i/n/m}: branch i of n, of a run over m shards.
 */
final class TwoPhase {
    static final int FORMAT_ID = 0x49534F43;

    private static final Base64.Encoder ENCODER = Base64.getEncoder();
    private static final Base64.Decoder DECODER = Base64.getDecoder();

    /** One writing session of a live shard. */
    record Session(String shard, Connection connection) {}

    private record Branch(Session session, String gid, int of, int shards) {}

    private TwoPhase() {}

    static String gid(String run, int branch, int of, int shards) {
        return FORMAT_ID + "_" + encode(run) + "_" + encode(branch + "/" + of + "/" + shards);
    }

    /** Whether the shard accepts prepared transactions. */
    static boolean possible(Connection connection) throws SQLException {
        return !"0"
                .equals(Sessions.value(connection, "SELECT pg_catalog.current_setting('max_prepared_transactions')"));
    }

    /**
     * Commits the open transactions of all sessions, all or none.
     *
     * @param shards number of shards of the whole run
     */
    static void commit(String run, List<Session> sessions, int shards, CrashPoint crash)
            throws SQLException, HandoverException {
        if (sessions.size() == 1) {
            sessions.getFirst().connection().commit();
            return;
        }
        List<String> gids = new ArrayList<>();
        for (int i = 0; i < sessions.size(); i++) {
            String gid = gid(run, i + 1, sessions.size(), shards);
            try {
                execute(sessions.get(i).connection(), "PREPARE TRANSACTION '" + gid + "'");
            } catch (SQLException e) {
                throw undo(sessions, gids, sessions.get(i), e);
            }
            gids.add(gid);
            sessions.get(i).connection().setAutoCommit(true);
            crash.reached("prepared " + (i + 1) + " of " + sessions.size());
        }
        for (int i = 0; i < sessions.size(); i++) {
            Session session = sessions.get(i);
            try {
                execute(session.connection(), "COMMIT PREPARED '" + gids.get(i) + "'");
            } catch (SQLException e) {
                throw new HandoverException(
                        "the rows are decided but not yet committed on shard " + session.shard() + " (gid "
                                + gids.get(i) + "): " + e.getMessage(),
                        "run the same back-fill again as soon as the shard is there: it commits what is left.",
                        e);
            }
            crash.reached("committed " + (i + 1) + " of " + sessions.size());
        }
    }

    private static HandoverException undo(
            List<Session> sessions, List<String> prepared, Session failed, SQLException reason) {
        List<String> left = new ArrayList<>();
        for (int i = 0; i < prepared.size(); i++) {
            try {
                execute(sessions.get(i).connection(), "ROLLBACK PREPARED '" + prepared.get(i) + "'");
            } catch (SQLException e) {
                reason.addSuppressed(e);
                left.add(sessions.get(i).shard());
            }
        }
        return new HandoverException(
                "shard " + failed.shard() + " could not prepare the back-fill's transaction: " + reason.getMessage(),
                left.isEmpty()
                        ? "nothing was changed on any shard; remove the cause and run it again."
                        : "nothing was committed; prepared branches are left on " + String.join(", ", left)
                                + " and are rolled back by the next run.",
                reason);
    }

    /** The runs that left prepared branches behind: one sentence per run, nothing is changed. */
    static List<String> pending(List<Session> sessions) throws SQLException {
        List<String> sentences = new ArrayList<>();
        branches(sessions)
                .forEach((run, branches) -> sentences.add("an earlier back-fill (" + run
                        + ") left prepared branches on " + shardsOf(branches) + "; applying settles them first"));
        return sentences;
    }

    /**
     * Settles what crashed runs left behind. The sessions must be in autocommit mode, and no other run may be alive (see
     * {@link Backfill}'s lock).
     *
     * @return one sentence per run
     */
    static List<String> settle(List<Session> sessions) throws SQLException, HandoverException {
        List<String> sentences = new ArrayList<>();
        for (Map.Entry<String, Map<Integer, Branch>> entry : branches(sessions).entrySet()) {
            Map<Integer, Branch> branches = entry.getValue();
            Branch first = branches.values().iterator().next();
            if (first.shards() > sessions.size()) {
                throw new BackfillRefusedException(
                        "an earlier back-fill (" + entry.getKey() + ") over " + first.shards()
                                + " shards left prepared branches on " + shardsOf(branches) + ", and only "
                                + sessions.size() + " shards are given now",
                        "run the back-fill over all shards of the cluster: only then can it be settled.");
            }
            boolean commit = branches.containsKey(first.of());
            for (Branch branch : branches.values()) {
                execute(
                        branch.session().connection(),
                        (commit ? "COMMIT" : "ROLLBACK") + " PREPARED '" + branch.gid() + "'");
            }
            sentences.add((commit ? "committed" : "rolled back") + " the prepared branches that an earlier back-fill ("
                    + entry.getKey() + ") left on " + shardsOf(branches));
        }
        return sentences;
    }

    private static Map<String, Map<Integer, Branch>> branches(List<Session> sessions) throws SQLException {
        Map<String, Map<Integer, Branch>> runs = new LinkedHashMap<>();
        for (Session session : sessions) {
            try (PreparedStatement statement = session.connection()
                            .prepareStatement("SELECT gid FROM pg_catalog.pg_prepared_xacts"
                                    + " WHERE database = pg_catalog.current_database() AND gid LIKE '" + FORMAT_ID
                                    + "\\_%' ORDER BY gid");
                    ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    String gid = rows.getString(1);
                    String[] parts = gid.split("_", -1);
                    if (parts.length != 3) {
                        continue;
                    }
                    String[] place = decode(parts[2]).split("/", -1);
                    if (place.length != 3) {
                        continue;
                    }
                    runs.computeIfAbsent(decode(parts[1]), _ -> new TreeMap<>())
                            .put(
                                    Integer.parseInt(place[0]),
                                    new Branch(session, gid, Integer.parseInt(place[1]), Integer.parseInt(place[2])));
                }
            }
        }
        return runs;
    }

    private static String shardsOf(Map<Integer, Branch> branches) {
        return String.join(
                ", ", branches.values().stream().map(b -> b.session().shard()).toList());
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String encode(String text) {
        return ENCODER.encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String base64) {
        return new String(DECODER.decode(base64), StandardCharsets.UTF_8);
    }
}
