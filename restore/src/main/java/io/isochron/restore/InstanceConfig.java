package io.isochron.restore;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The configuration a restored server runs with: everything that could reach outside is off, whatever the original's own files say. A pure function
 * from values to the text of {@code postgresql.conf}.
 *
 * <p>The original's {@code postgresql.conf} and {@code pg_hba.conf} stay in the data directory unused, because {@code config_file} and
 * {@code hba_file} name files outside it; only {@code postgresql.auto.conf} is read from the data directory in any case, which is why
 * {@link AutoConf} turns its settings into comments. Source: PostgreSQL documentation, chapter "Server Configuration".
 *
 * @param shard the shard's name, shown as the cluster name
 * @param major PostgreSQL's major version
 * @param socketDirectory the directory of the Unix socket, of mode 0700
 * @param hbaFile the file that admits whoever can reach the socket
 * @param identFile an empty file
 * @param primarySettings settings of the original at the snapshot or later, by name: sizes that replay demands are taken over from it
 * @param sharedBuffersMiB memory for buffers
 * @param feed where WAL comes from; empty once recovery has ended
 * @param hotStandby whether queries are answered while WAL is replayed
 * @param durable whether the server itself syncs what it writes
 * @param readOnly whether transactions are read-only unless they say otherwise
 */
record InstanceConfig(
        String shard,
        int major,
        String socketDirectory,
        String hbaFile,
        String identFile,
        Map<String, String> primarySettings,
        int sharedBuffersMiB,
        Optional<Feed> feed,
        boolean hotStandby,
        boolean durable,
        boolean readOnly) {

    /** The one line of access control: the socket's directory is open to its owner only. */
    static final String HBA =
            "# isochron: only the owner of the socket's directory can come here\nlocal all all trust\n";

    /** The port that names the socket file; no network port is opened. */
    static final int PORT = 5432;

    /**
     * Where the server gets its WAL.
     *
     * @param host a loopback address
     * @param passFile in libpq's format, of mode 0600
     */
    record Feed(String host, int port, String user, String passFile) {}

    /** The text of {@code postgresql.conf}. */
    String text() {
        StringBuilder text = new StringBuilder("# written by isochron for the restored shard "
                + shard.replaceAll("\\p{Cntrl}", " ") + "; everything that reaches outside is off\n");
        settings()
                .forEach((name, value) ->
                        text.append(name).append(" = ").append(quote(value)).append('\n'));
        return text.toString();
    }

    /** The settings by name, in the order they are written. */
    Map<String, String> settings() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("cluster_name", "isochron-restored-" + shard.replaceAll("[^A-Za-z0-9_.-]", "_"));
        isolate(all);
        replay(all);
        all.put("shared_buffers", sharedBuffersMiB + "MB");
        all.put("huge_pages", "off");
        all.put("dynamic_shared_memory_type", "posix");
        all.put("max_wal_size", "4GB");
        all.put("checkpoint_timeout", "30min");
        all.put("fsync", durable ? "on" : "off");
        all.put("synchronous_commit", durable ? "on" : "off");
        all.put("jit", "off");
        all.put("autovacuum", readOnly ? "off" : "on");
        all.put("default_transaction_read_only", readOnly ? "on" : "off");
        all.put("logging_collector", "off");
        all.put("log_destination", "stderr");
        all.put("lc_messages", "C");
        if (major >= 18) {
            all.put("io_method", "sync");
        }
        return all;
    }

    private void isolate(Map<String, String> all) {
        all.put("listen_addresses", "");
        all.put("port", Integer.toString(PORT));
        all.put("unix_socket_directories", socketDirectory);
        all.put("unix_socket_permissions", "0700");
        all.put("hba_file", hbaFile);
        all.put("ident_file", identFile);
        all.put("ssl", "off");
        all.put("bonjour", "off");
        all.put("shared_preload_libraries", "");
        all.put("session_preload_libraries", "");
        all.put("local_preload_libraries", "");
        if (major >= 17) {
            all.put("event_triggers", "off");
            all.put("summarize_wal", "off");
            all.put("sync_replication_slots", "off");
        }
        all.put("archive_mode", "off");
        all.put("archive_command", "");
        if (major >= 15) {
            all.put("archive_library", "");
        }
        all.put("restore_command", "");
        all.put("archive_cleanup_command", "");
        all.put("recovery_end_command", "");
        all.put("primary_slot_name", "");
        all.put("synchronous_standby_names", "");
        all.put("hot_standby_feedback", "off");
        all.put("max_logical_replication_workers", "0");
        all.put(
                "primary_conninfo",
                feed.map(
                                source -> "host=" + source.host() + " port=" + source.port() + " user=" + source.user()
                                        + " passfile="
                                        + conninfoValue(source.passFile())
                                        + " sslmode=disable gssencmode=disable connect_timeout=10 application_name=isochron_restore")
                        .orElse(""));
    }

    private void replay(Map<String, String> all) {
        all.put("hot_standby", hotStandby ? "on" : "off");
        all.put("recovery_target_timeline", "latest");
        all.put("recovery_min_apply_delay", "0");
        all.put("max_standby_streaming_delay", "-1");
        all.put("max_standby_archive_delay", "-1");
        all.put("wal_receiver_status_interval", "1s");
        all.put("wal_receiver_timeout", "60s");
        all.put("wal_retrieve_retry_interval", "20ms");
        all.put("wal_level", "logical".equals(primarySettings.get("wal_level")) ? "logical" : "replica");
        all.put("max_connections", atLeast("max_connections", 20));
        all.put("max_worker_processes", atLeast("max_worker_processes", 8));
        all.put("max_wal_senders", atLeast("max_wal_senders", 0));
        all.put("max_prepared_transactions", atLeast("max_prepared_transactions", 0));
        all.put("max_locks_per_transaction", atLeast("max_locks_per_transaction", 64));
        all.put("max_replication_slots", atLeast("max_replication_slots", 10));
        if (major >= 18) {
            all.put("max_active_replication_origins", atLeast("max_active_replication_origins", 10));
        }
        all.put("track_commit_timestamp", primarySettings.getOrDefault("track_commit_timestamp", "off"));
    }

    private String atLeast(String name, int least) {
        String value = primarySettings.get(name);
        try {
            return Integer.toString(value == null ? least : Math.max(least, Integer.parseInt(value)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "setting " + name + " of shard " + shard + " is '" + value
                            + "', not a whole number\nhint: the snapshot's header is"
                            + " damaged or was written by a newer program",
                    e);
        }
    }

    /** A value in single quotes, as PostgreSQL's configuration file syntax wants it. */
    static String quote(String value) {
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'";
    }

    private static String conninfoValue(String value) {
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
