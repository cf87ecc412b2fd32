package io.isochron.demo;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** The incident: a release deletes a hot table's rows on all shards, in one cross-shard transaction, while clients go on. */
final class BadDeploy {
    /** The table that is emptied. */
    static final String TABLE = "orders";

    private static final int FORMAT_ID = 131077;

    /**
     * What it did, as the application saw it. Isochron is not told any of this; the demo compares it with what Isochron finds.
     *
     * @param rowsByShard deleted rows, in the shards' order
     * @param begun when the release began (this machine's clock)
     * @param committed when its commit had been acknowledged by the last shard
     */
    record Damage(List<Long> rowsByShard, Instant begun, Instant committed) {
        long rows() {
            return rowsByShard.stream().mapToLong(Long::longValue).sum();
        }
    }

    private record Branch(String transaction, int shard) implements Xid {
        @Override
        public int getFormatId() {
            return FORMAT_ID;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return transaction.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public byte[] getBranchQualifier() {
            return Integer.toString(shard).getBytes(StandardCharsets.UTF_8);
        }
    }

    private BadDeploy() {}

    /** Deletes, prepares everywhere, commits everywhere. */
    static Damage run(List<? extends XADataSource> shards) throws SQLException, XAException {
        Instant begun = Instant.now();
        List<XAConnection> connections = new ArrayList<>();
        List<Long> rows = new ArrayList<>();
        try {
            for (int shard = 0; shard < shards.size(); shard++) {
                XAConnection connection = shards.get(shard).getXAConnection();
                connections.add(connection);
                Branch branch = new Branch("release-4711", shard);
                XAResource resource = connection.getXAResource();
                resource.start(branch, XAResource.TMNOFLAGS);
                try (Connection sql = connection.getConnection();
                        Statement statement = sql.createStatement()) {
                    rows.add(statement.executeLargeUpdate("delete from " + TABLE));
                }
                resource.end(branch, XAResource.TMSUCCESS);
                resource.prepare(branch);
            }
            for (int shard = 0; shard < shards.size(); shard++) {
                connections.get(shard).getXAResource().commit(new Branch("release-4711", shard), false);
            }
        } finally {
            for (XAConnection connection : connections) {
                connection.close();
            }
        }
        return new Damage(List.copyOf(rows), begun, Instant.now());
    }
}
