package io.isochron.capture;

import io.isochron.wal.ControlFile;
import io.isochron.wal.RelationChange;
import io.isochron.wire.BaseBackup;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a shard's part of a snapshot says about its server; JSON, specified in docs/capture.md ("What a snapshot says").
 */
record ShardHeader(
        ServerIdentity identity,
        ControlFile control,
        ServerSettings settings,
        List<BaseBackup.Tablespace> tablespaces,
        List<DatabaseName> databases,
        @Nullable String superuser,
        String label,
        long startedMicros,
        long endedMicros) {
    private static final JsonMapper JSON = new JsonMapper();

    String json() {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", 1);
        root.put("label", label);
        root.put("startedMicros", startedMicros);
        root.put("endedMicros", endedMicros);
        root.put("systemIdentifier", identity.systemIdentifier());
        root.put("postgresVersionNum", identity.versionNum());
        root.put("walSegmentSizeBytes", identity.walSegmentSizeBytes());
        ObjectNode fromControl = root.putObject("controlFile");
        fromControl.put("checkpointLsn", control.checkpointLsn().toString());
        fromControl.put("redoLsn", control.checkpoint().redo().toString());
        fromControl.put("timeline", control.checkpoint().timeline());
        fromControl.put("nextXid", control.checkpoint().nextXid());
        fromControl.put("dataChecksumVersion", control.dataChecksumVersion());
        RelationChange.ParametersChanged sizes = control.settings();
        fromControl.put("maxConnections", sizes.maxConnections());
        fromControl.put("maxWorkerProcesses", sizes.maxWorkerProcesses());
        fromControl.put("maxWalSenders", sizes.maxWalSenders());
        fromControl.put("maxPreparedTransactions", sizes.maxPreparedTransactions());
        fromControl.put("maxLocksPerTransaction", sizes.maxLocksPerTransaction());
        ObjectNode values = root.putObject("settings");
        settings.values().entrySet().stream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .forEach(entry -> values.put(entry.getKey(), entry.getValue()));
        ArrayNode unreadable = root.putArray("unreadableSettings");
        settings.unreadable().forEach(unreadable::add);
        ArrayNode spaces = root.putArray("tablespaces");
        for (BaseBackup.Tablespace tablespace : tablespaces) {
            if (tablespace.oid() != 0) {
                spaces.addObject().put("oid", tablespace.oid()).put("location", tablespace.location());
            }
        }
        ArrayNode names = root.putArray("databases");
        for (DatabaseName database : databases) {
            names.addObject()
                    .put("oid", Integer.toUnsignedLong(database.oid()))
                    .put("name", database.name())
                    .put("connectable", database.connectable());
        }
        if (superuser != null) {
            root.put("superuser", superuser);
        }
        return root.toString();
    }
}
