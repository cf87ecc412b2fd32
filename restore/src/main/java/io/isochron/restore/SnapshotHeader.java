package io.isochron.restore;

import io.isochron.chronicle.ParameterChange;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a shard's part of a snapshot says about the server it was taken from.
 *
 * @param versionNum as {@code server_version_num}
 * @param settings by name, as SHOW gives them; sizes that the control file knows are taken from there if greater
 * @param superuser the bootstrap superuser's name, or null if the snapshot does not say
 */
record SnapshotHeader(
        int versionNum,
        Map<String, String> settings,
        @Nullable String superuser) {

    private static final Map<String, String> CONTROL = Map.of(
            "maxConnections", "max_connections",
            "maxWorkerProcesses", "max_worker_processes",
            "maxWalSenders", "max_wal_senders",
            "maxPreparedTransactions", "max_prepared_transactions",
            "maxLocksPerTransaction", "max_locks_per_transaction");

    SnapshotHeader {
        settings = Map.copyOf(settings);
    }

    static SnapshotHeader parse(String shard, String json) throws IOException {
        try {
            JsonNode root = new JsonMapper().readTree(json);
            Map<String, String> settings = new HashMap<>();
            root.path("settings")
                    .properties()
                    .forEach(entry ->
                            settings.put(entry.getKey(), entry.getValue().asString()));
            JsonNode control = root.path("controlFile");
            CONTROL.forEach((key, name) -> {
                if (control.path(key).isIntegralNumber()) {
                    raise(settings, name, control.path(key).intValue());
                }
            });
            JsonNode superuser = root.path("superuser");
            return new SnapshotHeader(
                    root.path("postgresVersionNum").asInt(0),
                    settings,
                    superuser.isString() ? superuser.asString() : null);
        } catch (JacksonException e) {
            throw new RestoreException(
                    "the snapshot's header of shard " + shard + " cannot be read: " + e.getOriginalMessage(),
                    "it was written by another version of isochron; restore from another snapshot",
                    e);
        }
    }

    /** The settings after changes that the WAL reports: sizes only ever grow. */
    static void apply(Map<String, String> settings, ParameterChange change) {
        raise(settings, "max_connections", change.maxConnections());
        raise(settings, "max_worker_processes", change.maxWorkerProcesses());
        raise(settings, "max_wal_senders", change.maxWalSenders());
        raise(settings, "max_prepared_transactions", change.maxPreparedTransactions());
        raise(settings, "max_locks_per_transaction", change.maxLocksPerTransaction());
        if (change.walLevel() == 2) {
            settings.put("wal_level", "logical");
        }
        if (change.trackCommitTimestamp()) {
            settings.put("track_commit_timestamp", "on");
        }
    }

    private static void raise(Map<String, String> settings, String name, int value) {
        settings.merge(name, Integer.toString(value), (old, now) -> {
            try {
                return Integer.parseInt(old) >= value ? old : now;
            } catch (NumberFormatException e) {
                return now;
            }
        });
    }
}
