package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.store.RetentionRecord.Floor;
import io.isochron.store.RetentionRecord.KeptMoment;
import io.isochron.store.RetentionRecord.Positions;
import io.isochron.store.RetentionRecord.Sighting;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Retention records as JSON, specified in docs/repository-format.md. */
final class RetentionFormat {
    private static final int LAYOUT = 1;

    private RetentionFormat() {}

    /** A record with the hash of the one before. */
    record Linked(RetentionRecord record, String previous) {}

    static byte[] encode(RetentionRecord record, String previous) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("retention", LAYOUT);
        root.put("number", record.number());
        root.put("previous", previous);
        root.put("recorded", record.recorded().toString());
        root.put("by", record.by());
        RetentionPromise promise = record.promise();
        root.putObject("promise")
                .put("anySecond", promise.anySecond().toString())
                .put("daily", promise.daily().toString())
                .put("weekly", promise.weekly().toString())
                .put("monthly", promise.monthly().toString())
                .put("buffer", promise.buffer().toString());
        root.put("counted", record.counted().toString());
        if (record.continuous() != null) {
            root.put("continuous", record.continuous().toString());
        }
        ArrayNode shards = root.putArray("shards");
        record.floors()
                .forEach((shard, floor) -> shards.addObject()
                        .put("shard", shard)
                        .put("wal", Names.lsn(floor.wal()))
                        .put("chronicle", floor.chronicle())
                        .put("ledger", floor.ledger())
                        .put("hour", floor.hour()));
        ArrayNode moments = root.putArray("moments");
        for (KeptMoment kept : record.moments()) {
            ObjectNode node = moments.addObject()
                    .put("moment", kept.moment().toString())
                    .put("rule", kept.rule())
                    .put("snapshot", kept.snapshot());
            kept.parts().forEach(node.putArray("parts")::add);
            ArrayNode wal = node.putArray("wal");
            kept.wal()
                    .forEach((shard, range) -> wal.addObject()
                            .put("shard", shard)
                            .put("from", Names.lsn(range.from()))
                            .put("to", Names.lsn(range.to())));
        }
        record.dropped().forEach(root.putArray("dropped")::add);
        ArrayNode unpublished = root.putArray("unpublished");
        record.unpublished()
                .forEach((id, seen) -> unpublished
                        .addObject()
                        .put("snapshot", id)
                        .put("objects", seen.objects())
                        .put("since", seen.since().toString()));
        return Json.bytes(root);
    }

    /** @throws ObjectDamagedException if the bytes are not exactly a record's */
    static Linked decode(ObjectName name, byte[] bytes) throws ObjectDamagedException {
        try {
            JsonNode root = Json.MAPPER.readTree(bytes);
            Linked linked = new Linked(record(root), root.path("previous").stringValue());
            if (!Arrays.equals(bytes, encode(linked.record(), linked.previous()))) {
                throw new ObjectDamagedException(name, "it is not a retention record as this program writes them");
            }
            return linked;
        } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
            throw new ObjectDamagedException(name, "it is not a retention record", e);
        }
    }

    private static RetentionRecord record(JsonNode root) {
        JsonNode promise = root.path("promise");
        Map<String, Floor> floors = new LinkedHashMap<>();
        for (JsonNode node : root.path("shards")) {
            floors.put(
                    node.path("shard").stringValue(),
                    new Floor(
                            Names.position(node.path("wal").stringValue()),
                            node.path("chronicle").longValue(),
                            node.path("ledger").longValue(),
                            node.path("hour").longValue()));
        }
        List<KeptMoment> moments = new ArrayList<>();
        for (JsonNode node : root.path("moments")) {
            Map<String, Positions> wal = new LinkedHashMap<>();
            for (JsonNode range : node.path("wal")) {
                wal.put(
                        range.path("shard").stringValue(),
                        new Positions(
                                Names.position(range.path("from").stringValue()),
                                Names.position(range.path("to").stringValue())));
            }
            moments.add(new KeptMoment(
                    Instant.parse(node.path("moment").stringValue()),
                    node.path("rule").stringValue(),
                    node.path("snapshot").stringValue(),
                    texts(node.path("parts")),
                    wal));
        }
        Map<String, Sighting> unpublished = new LinkedHashMap<>();
        for (JsonNode node : root.path("unpublished")) {
            unpublished.put(
                    node.path("snapshot").stringValue(),
                    new Sighting(
                            node.path("objects").longValue(),
                            Instant.parse(node.path("since").stringValue())));
        }
        JsonNode continuous = root.path("continuous");
        return new RetentionRecord(
                root.path("number").longValue(),
                Instant.parse(root.path("recorded").stringValue()),
                root.path("by").stringValue(),
                new RetentionPromise(
                        time(promise, "anySecond"),
                        time(promise, "daily"),
                        time(promise, "weekly"),
                        time(promise, "monthly"),
                        time(promise, "buffer")),
                Instant.parse(root.path("counted").stringValue()),
                continuous.isMissingNode() ? null : Instant.parse(continuous.stringValue()),
                floors,
                moments,
                texts(root.path("dropped")),
                unpublished);
    }

    private static Duration time(JsonNode promise, String name) {
        return Duration.parse(promise.path(name).stringValue());
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(node -> texts.add(node.stringValue()));
        return texts;
    }
}
