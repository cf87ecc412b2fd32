package io.isochron.demo;

import io.isochron.instance.FreePorts;
import io.isochron.instance.PostgresInstallation;
import io.isochron.instance.PostgresInstance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The demo's production: real PostgreSQL shards on loopback with SCRAM passwords, which live in a password file and nowhere else.
 * Closing stops the servers; the directory belongs to the caller.
 */
final class ProductionShards implements AutoCloseable {
    /** The role that Isochron connects as: it may replicate and read, not write. */
    static final String CAPTURE_ROLE = "isochron";

    /** The role that owns the bank's tables. */
    static final String BANK_ROLE = "bank";

    /** The database the bank lives in. */
    static final String DATABASE = "bank";

    private final List<PostgresInstance> instances = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final Path passwordFile;

    private ProductionShards(Path passwordFile) {
        this.passwordFile = passwordFile;
    }

    /**
     * Makes and starts the shards, all at once.
     *
     * @param directory where their data and sockets go; it must be reachable for the user that runs the servers
     */
    static ProductionShards start(PostgresInstallation installation, Path directory, Path passwordFile, int shards)
            throws IOException, SQLException, InterruptedException {
        ProductionShards production = new ProductionShards(passwordFile);
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        String password = HexFormat.of().formatHex(random);
        Files.createFile(
                passwordFile, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(
                passwordFile,
                "*:*:*:" + CAPTURE_ROLE + ":" + password + "\n*:*:*:" + BANK_ROLE + ":" + password + "\n");
        boolean started = false;
        try {
            for (int number = 1; number <= shards; number++) {
                int port = FreePorts.loopback();
                production.ports.add(port);
                production.instances.add(PostgresInstance.builder(
                                installation, directory.resolve("shard" + number), directory.resolve("socket" + number))
                        .port(port)
                        .listenAddress("127.0.0.1")
                        .endsWithJvm(true)
                        .build());
            }
            Parallel.forEach(production.instances, instance -> make(instance, password));
            started = true;
            return production;
        } finally {
            if (!started) {
                production.close();
            }
        }
    }

    private static void make(PostgresInstance instance, String password) throws IOException, SQLException {
        instance.initdb(PostgresInstance.InitOptions.defaults());
        Files.writeString(instance.dataDirectory().resolve("pg_hba.conf"), """
                local all all trust
                host all all 127.0.0.1/32 scram-sha-256
                host replication all 127.0.0.1/32 scram-sha-256
                """);
        instance.start(Map.of(
                "wal_level", "replica",
                "max_connections", "80",
                "max_prepared_transactions", "80",
                "shared_buffers", "64MB",
                "max_wal_size", "1GB",
                "max_slot_wal_keep_size", "2GB",
                "password_encryption", "scram-sha-256"));
        try (Connection connection = instance.jdbc("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create role " + CAPTURE_ROLE + " login replication password '" + password
                    + "' in role pg_read_all_data, pg_monitor");
            statement.execute("create role " + BANK_ROLE + " login password '" + password + "'");
            statement.execute("create database " + DATABASE + " owner " + BANK_ROLE);
        }
    }

    List<PostgresInstance> instances() {
        return List.copyOf(instances);
    }

    int count() {
        return instances.size();
    }

    /** The shard's name in the cluster. */
    static String name(int index) {
        return "shard" + (index + 1);
    }

    /** A libpq connection string without a secret in it. */
    String connectionString(int index, String role) {
        return "host=127.0.0.1 port=" + ports.get(index) + " dbname=" + DATABASE + " user=" + role + " passfile="
                + passwordFile;
    }

    /** A session of the superuser in the bank's database. */
    Connection administrator(int index) throws SQLException {
        return instances.get(index).jdbc(DATABASE);
    }

    @Override
    public void close() throws IOException {
        for (PostgresInstance instance : instances) {
            instance.close();
        }
    }
}
