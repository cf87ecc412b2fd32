package io.isochron.wire;

import java.util.Map;
import java.util.Properties;

/** How to reach a PostgreSQL server. */
public final class ConnectionSettings {
    private ConnectionSettings() {}

    /** Reads a libpq connection string. */
    public static ConnectionSettings parse(String conninfo, Map<String, String> environment) {
        return new ConnectionSettings();
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
        return this;
    }

    public ConnectionSettings withApplicationName(String name) {
        return this;
    }

    public ConnectionSettings withHost(String host, int port) {
        return this;
    }

    public ConnectionSettings withUser(String user) {
        return this;
    }

    public ConnectionSettings withPassword(String password) {
        return this;
    }

    public String toJdbcUrl() {
        return "";
    }

    public Properties toJdbcProperties() {
        return new Properties();
    }
}
