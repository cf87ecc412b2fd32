package io.isochron.capture;

import io.isochron.wire.PostgresException;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of a server that someone who restores it must know: sizes that replay demands, formats, what was preloaded. Read by SHOW on a replication connection, so that no more than the right
 * to replicate is needed. Values are as SHOW gives them, with units.
 *
 * @param values by name
 * @param unreadable settings that exist but that this role may not see
 */
record ServerSettings(Map<String, String> values, List<String> unreadable) {
    private static final List<String> NAMES = List.of(
            "server_version",
            "server_version_num",
            "server_encoding",
            "max_connections",
            "max_worker_processes",
            "max_wal_senders",
            "max_prepared_transactions",
            "max_locks_per_transaction",
            "max_replication_slots",
            "wal_level",
            "wal_log_hints",
            "wal_segment_size",
            "block_size",
            "full_page_writes",
            "fsync",
            "track_commit_timestamp",
            "data_checksums",
            "data_directory_mode",
            "shared_buffers",
            "shared_preload_libraries",
            "default_text_search_config",
            "lc_messages",
            "lc_monetary",
            "lc_numeric",
            "lc_time",
            "TimeZone",
            "log_timezone");

    ServerSettings {
        values = Map.copyOf(values);
        unreadable = List.copyOf(unreadable);
    }

    static ServerSettings read(ReplicationConnection connection) throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        List<String> unreadable = new ArrayList<>();
        for (String name : NAMES) {
            try {
                values.put(name, connection.show(name));
            } catch (PostgresException e) {
                if (!e.severity().equals("ERROR")) {
                    throw e;
                }
                unreadable.add(name);
            }
        }
        return new ServerSettings(values, unreadable);
    }

    /** @throws CaptureException if the server did not tell it */
    String required(String name) throws CaptureException {
        String value = values.get(name);
        if (value == null) {
            throw new CaptureException(
                    "setting " + name + " cannot be read", "give the role the membership pg_read_all_settings");
        }
        return value;
    }
}
