package io.isochron.wire;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * How to reach a PostgreSQL server, with the meaning that libpq gives to connection strings, {@code PG*} variables, service files
 * and password files (documentation, chapters 32.1 and 32.15 to 32.17). Immutable. Passwords never appear in {@link #toString()}
 * or in an error.
 *
 * <p>Differences from libpq: an option that would have to be ignored although security depends on it is refused
 * ({@code gssencmode=require}, {@code sslcrl}, ...); a password file that others can read is an error, not a warning; for
 * a replication connection a line for database {@code replication} is looked for first, then one for the settings' database.
 */
public final class ConnectionSettings {
    private final Map<String, String> values;
    private final Map<String, String> environment;
    private final List<Endpoint> endpoints;

    private ConnectionSettings(Map<String, String> values, Map<String, String> environment) {
        this.values = values;
        this.environment = environment;
        this.endpoints = Endpoints.of(values);
        seconds("connect_timeout");
    }

    /**
     * Reads a connection string; what it leaves open comes from its service, then from the environment, then from libpq's
     * defaults.
     *
     * @param conninfo {@code host=... user=...} or {@code postgresql://...}; may be empty
     * @param environment the environment variables, usually {@code System.getenv()}
     * @throws IllegalArgumentException if the text is malformed, a keyword is unknown (the nearest known one is named), a value
     *     is not supported, or the service is not defined
     */
    public static ConnectionSettings parse(String conninfo, Map<String, String> environment) {
        Map<String, String> values = new LinkedHashMap<>(Conninfo.parse(conninfo));
        values.values().removeIf(String::isEmpty);
        String service = values.getOrDefault("service", environment.getOrDefault("PGSERVICE", ""));
        if (!service.isEmpty()) {
            String file = values.getOrDefault("servicefile", environment.get("PGSERVICEFILE"));
            ServiceFile.read(service, file, environment).forEach(values::putIfAbsent);
        }
        for (Keywords.Keyword keyword : Keywords.all()) {
            String value = keyword.environment() == null ? null : environment.get(keyword.environment());
            if (value != null && !value.isEmpty() && !values.containsKey(keyword.name())) {
                Keywords.check(keyword.name(), value, "environment variable " + keyword.environment());
                values.put(keyword.name(), value);
            }
        }
        values.values().removeIf(String::isEmpty);
        if ("1".equals(environment.get("PGREQUIRESSL"))) {
            values.putIfAbsent("sslmode", "require");
        }
        if ("system".equals(values.get("sslrootcert"))) {
            String mode = values.computeIfAbsent("sslmode", k -> "verify-full");
            if (!mode.equals("verify-full")) {
                throw new IllegalArgumentException("weak sslmode '" + mode
                        + "' may not be used with sslrootcert=system\nhint: Use sslmode=verify-full.");
            }
        }
        values.putIfAbsent("user", System.getProperty("user.name", ""));
        values.putIfAbsent("dbname", values.getOrDefault("user", ""));
        values.putIfAbsent("application_name", values.getOrDefault("fallback_application_name", "isochron"));
        return new ConnectionSettings(values, Map.copyOf(environment));
    }

    /** The user to log in as. */
    public String user() {
        return get("user", "");
    }

    /** The database for SQL connections; physical replication has none. */
    public String database() {
        return get("dbname", "");
    }

    /** The name shown in {@code pg_stat_activity} and {@code pg_stat_replication}. */
    public String applicationName() {
        return get("application_name", "isochron");
    }

    public ConnectionSettings withDatabase(String database) {
        return with("dbname", database);
    }

    public ConnectionSettings withApplicationName(String name) {
        return with("application_name", name);
    }

    public ConnectionSettings withUser(String user) {
        return with("user", user);
    }

    public ConnectionSettings withPassword(String password) {
        return with("password", password);
    }

    /**
     * The same settings for one other place.
     *
     * @param host a name, an address, or the directory of a Unix socket
     */
    public ConnectionSettings withHost(String host, int port) {
        Map<String, String> changed = new LinkedHashMap<>(values);
        changed.remove("hostaddr");
        changed.put("host", host);
        changed.put("port", String.valueOf(port));
        return new ConnectionSettings(changed, environment);
    }

    /** The same settings for one of their own endpoints. */
    ConnectionSettings only(Endpoint endpoint) {
        Map<String, String> changed = new LinkedHashMap<>(values);
        changed.put("host", endpoint.host());
        changed.put("port", String.valueOf(endpoint.port()));
        changed.remove("hostaddr");
        String address = endpoint.address();
        if (address != null) {
            changed.put("hostaddr", address);
        }
        return new ConnectionSettings(changed, environment);
    }

    /** The same settings once for each place that they name, in their order; none of them asks what the server there is. */
    public List<ConnectionSettings> places() {
        List<ConnectionSettings> places = new ArrayList<>();
        for (Endpoint endpoint : endpoints) {
            places.add(only(endpoint).with("target_session_attrs", "any"));
        }
        return List.copyOf(places);
    }

    /** The same settings, which of several places mean the one that accepts writes ({@code target_session_attrs=read-write}) unless they say otherwise. */
    public ConnectionSettings toPrimary() {
        return endpoints.size() < 2 || values.containsKey("target_session_attrs")
                ? this
                : with("target_session_attrs", "read-write");
    }

    /** The same settings; an attempt to connect ends after so many seconds unless they set {@code connect_timeout} themselves. */
    public ConnectionSettings withConnectTimeoutIfUnset(int seconds) {
        return values.containsKey("connect_timeout") ? this : with("connect_timeout", String.valueOf(seconds));
    }

    /** Where it leads, without user or database: {@code host:port}, several separated by commas. */
    public String where() {
        List<String> places = new ArrayList<>();
        for (Endpoint endpoint : endpoints) {
            places.add(endpoint.toString());
        }
        return String.join(",", places);
    }

    private ConnectionSettings with(String keyword, String value) {
        Map<String, String> changed = new LinkedHashMap<>(values);
        changed.put(keyword, value);
        return new ConnectionSettings(changed, environment);
    }

    List<Endpoint> endpoints() {
        return endpoints;
    }

    String get(String keyword, String otherwise) {
        return values.getOrDefault(keyword, otherwise);
    }

    @Nullable
    String get(String keyword) {
        return values.get(keyword);
    }

    /** A number of seconds, 0 if it is not set (or negative, which means no limit to libpq). */
    int seconds(String keyword) {
        String value = get(keyword, "0");
        try {
            return Math.max(0, Integer.parseInt(value.strip()));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "connection keyword '" + keyword + "' has the value '" + value
                            + "', which is not a number\nhint: Give whole seconds.",
                    e);
        }
    }

    /** A file of the user's PostgreSQL directory, {@code ~/.postgresql}. */
    Path postgresDirectory(String name) {
        return Home.of(environment).resolve(".postgresql").resolve(name);
    }

    /** {@code sslmode}, already raised to {@code verify-ca} where a root certificate makes libpq do so. */
    String sslMode() {
        String mode = get("sslmode", "prefer");
        return mode.equals("require") && rootCertificate().isPresent() ? "verify-ca" : mode;
    }

    /** The root certificates to trust: {@code sslrootcert} or the default file, if it exists. */
    Optional<Path> rootCertificate() {
        String named = get("sslrootcert");
        if ("system".equals(named)) {
            return Optional.empty();
        }
        Path file = named == null ? postgresDirectory("root.crt") : Path.of(named);
        return Files.exists(file) ? Optional.of(file) : Optional.empty();
    }

    /**
     * The password for an endpoint: from the settings, else from the password file.
     *
     * @param databases the databases to look for in the password file, in this order
     */
    Optional<String> password(Endpoint endpoint, String... databases) {
        String password = get("password");
        if (password != null) {
            return Optional.of(password);
        }
        String named = get("passfile");
        Path file = named == null ? Home.of(environment).resolve(".pgpass") : Path.of(named);
        for (String database : databases) {
            Optional<String> found = PasswordFile.lookUp(file, endpoint, database, user());
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** A URL for pgjdbc that leads to the same place; to be used with {@link #toJdbcProperties()}. It holds no secret. */
    public String toJdbcUrl() {
        return JdbcForm.url(this);
    }

    /**
     * Everything else pgjdbc needs, the password included. A Unix socket is reached through the socket factory
     * {@code io.isochron.instance.UnixSocketFactory}, whose argument is the socket's file; of several hosts of which one is a
     * Unix socket only the first is used, because pgjdbc has one factory for all.
     */
    public Properties toJdbcProperties() {
        return JdbcForm.properties(this);
    }

    /** Where and who, without any secret: {@code host:port user=... dbname=... sslmode=...}. */
    @Override
    public String toString() {
        return where() + " user=" + user() + " dbname=" + database() + " sslmode=" + get("sslmode", "prefer");
    }
}
