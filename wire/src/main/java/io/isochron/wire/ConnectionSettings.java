package io.isochron.wire;

import java.util.Map;
import java.util.Properties;

/** How to reach a PostgreSQL server. */
public final class ConnectionSettings {
    private ConnectionSettings() {}

    /** Reads a libpq connection string. */
    public static ConnectionSettings parse(String conninfo, Map<String, String> environment) {
        throw new IllegalArgumentException(conninfo + environment);
    }

    public String user() {
        return "";
    }

    public String database() {
        return "";
    }

    public String applicationName() {
        return "";
    }

    public ConnectionSettings withDatabase(String database) {
        throw new IllegalArgumentException(database);
    }

    public ConnectionSettings withApplicationName(String name) {
        throw new IllegalArgumentException(name);
    }

    public ConnectionSettings withHost(String host, int port) {
        throw new IllegalArgumentException(host + port);
    }

    public ConnectionSettings withUser(String user) {
        throw new IllegalArgumentException(user);
    }

    public ConnectionSettings withPassword(String password) {
        throw new IllegalArgumentException(password);
    }

    public String toJdbcUrl() {
        return "";
    }

    public Properties toJdbcProperties() {
        return new Properties();
    }
}
