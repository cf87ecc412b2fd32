package io.isochron.capture;

import io.isochron.wire.ConnectionSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** Opens ordinary SQL connections with the same settings as the replication ones. */
final class Sql {
    private Sql() {}

    /** The connection is read-only, commits by itself, and cannot be hung by a slow statement or an absent synchronous standby. */
    static Connection open(ShardSource source, String database) throws SQLException {
        ConnectionSettings settings = source.settings().withDatabase(database);
        Properties properties = settings.toJdbcProperties();
        properties.setProperty("ApplicationName", "isochron catalogs");
        String given = properties.getProperty("options", "");
        properties.setProperty(
                "options", given + " -c statement_timeout=60s -c lock_timeout=5s -c synchronous_commit=local");
        properties.setProperty("readOnly", "true");
        return DriverManager.getConnection(settings.toJdbcUrl(), properties);
    }
}
