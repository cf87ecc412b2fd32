package io.isochron.store;

import io.isochron.store.RetentionRecord.Positions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What somebody is reading, so that it is not removed meanwhile: the detail of a lease whose resource begins with {@link #RESOURCE}.
 *
 * @param snapshots ids
 * @param wal by shard
 */
public record Pin(List<String> snapshots, Map<String, Positions> wal) {
    /** How resources of such leases begin. */
    public static final String RESOURCE = "restore-";

    public Pin {
        snapshots = List.copyOf(snapshots);
        wal = Map.copyOf(wal);
    }

    /** As the detail of a lease. */
    public String toJson() {
        ObjectNode root = Json.MAPPER.createObjectNode();
        snapshots.forEach(root.putArray("snapshots")::add);
        ArrayNode ranges = root.putArray("wal");
        wal.forEach((shard, range) -> ranges.addObject()
                .put("shard", shard)
                .put("from", Names.lsn(range.from()))
                .put("to", Names.lsn(range.to())));
        return root.toString();
    }

    /** @throws IllegalArgumentException if the text is none's */
    static Pin fromJson(String json) {
        try {
            JsonNode root = Json.MAPPER.readTree(json);
            List<String> snapshots = new ArrayList<>();
            root.path("snapshots").forEach(node -> snapshots.add(node.stringValue()));
            Map<String, Positions> wal = new LinkedHashMap<>();
            for (JsonNode range : root.path("wal")) {
                wal.put(
                        range.path("shard").stringValue(),
                        new Positions(
                                Names.position(range.path("from").stringValue()),
                                Names.position(range.path("to").stringValue())));
            }
            return new Pin(snapshots, wal);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("'" + json + "' does not say what is being read", e);
        }
    }

    /**
     * Whether a horizon keeps all of it.
     *
     * @return what it does not keep, for people; empty if it keeps all
     */
    public List<String> lacking(Horizon horizon) {
        List<String> lacking = new ArrayList<>();
        snapshots.stream().filter(horizon::dropped).forEach(id -> lacking.add("snapshot " + id));
        wal.forEach((shard, range) -> {
            if (!horizon.keepsWhole(shard, range)) {
                lacking.add(
                        "WAL of shard " + shard + " from " + Names.lsn(range.from()) + " to " + Names.lsn(range.to()));
            }
        });
        return lacking;
    }
}
