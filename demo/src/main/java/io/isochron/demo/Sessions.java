package io.isochron.demo;

import io.isochron.restore.RestoredCluster;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** One session per shard, in the shards' order. */
final class Sessions implements AutoCloseable {
    private interface Source {
        Connection open(int shard) throws SQLException;
    }

    private final List<Connection> connections = new ArrayList<>();

    private Sessions(int shards, Source source) throws SQLException {
        try {
            for (int shard = 0; shard < shards; shard++) {
                connections.add(source.open(shard));
            }
        } catch (SQLException e) {
            close();
            throw e;
        }
    }

    static Sessions live(Stage stage) throws SQLException {
        return new Sessions(stage.production().count(), stage.production()::administrator);
    }

    static Sessions restored(RestoredCluster restored) throws SQLException {
        return new Sessions(
                restored.shards().size(),
                shard -> restored.connection(ProductionShards.name(shard), ProductionShards.DATABASE));
    }

    List<Connection> all() {
        return List.copyOf(connections);
    }

    @Override
    public void close() throws SQLException {
        for (Connection connection : connections) {
            connection.close();
        }
    }
}
