package io.isochron.chronicle;

import java.time.DateTimeException;
import java.time.Instant;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The JSON form of a target. */
final class TargetJson {
    private TargetJson() {}

    static ObjectNode write(Target target) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        switch (target) {
            case Target.Time time ->
                json.put("type", "time").put("moment", time.moment().toString());
            case Target.Latest latest -> json.put("type", "latest");
            case Target.BeforeTransaction before ->
                json.put("type", "before-transaction")
                        .put("shard", before.shard())
                        .put("xid", Integer.toUnsignedLong(before.xid()));
            case Target.Positions positions ->
                json.put("type", "positions").set("lsns", CutJson.positions(positions.byShard()));
            case Target.AfterTransaction after ->
                json.put("type", "after-transaction")
                        .put("shard", after.shard())
                        .put("xid", Integer.toUnsignedLong(after.xid()));
            case Target.NamedRestorePoint point ->
                json.put("type", "restore-point").put("name", point.name());
            case Target.AtFence fence -> json.put("type", "fence").put("id", fence.id());
            case Target.FenceBefore before ->
                json.put("type", "fence-before").put("moment", before.moment().toString());
        }
        return json;
    }

    static Target read(JsonNode json) {
        String type = JsonFields.text(json, "type");
        return switch (type) {
            case "time" -> new Target.Time(moment(JsonFields.text(json, "moment")));
            case "latest" -> new Target.Latest();
            case "before-transaction" ->
                new Target.BeforeTransaction(JsonFields.text(json, "shard"), JsonFields.id(json, "xid"));
            case "positions" -> new Target.Positions(CutJson.positions(JsonFields.field(json, "lsns")));
            case "after-transaction" ->
                new Target.AfterTransaction(JsonFields.text(json, "shard"), JsonFields.id(json, "xid"));
            case "restore-point" -> new Target.NamedRestorePoint(JsonFields.text(json, "name"));
            case "fence" -> new Target.AtFence(JsonFields.number(json, "id"));
            case "fence-before" -> new Target.FenceBefore(moment(JsonFields.text(json, "moment")));
            default -> throw new IllegalArgumentException("cut certificate: target of unknown type '" + type + "'");
        };
    }

    private static Instant moment(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("cut certificate: '" + text + "' is not a moment", e);
        }
    }
}
