package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The JSON form of a cut, version 1. */
final class CutJson {
    private static final String FORMAT = "isochron-cut";
    private static final int VERSION = 1;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private CutJson() {}

    static ObjectNode write(String cluster, Cut cut) {
        ObjectNode json = NODES.objectNode();
        json.put("format", FORMAT);
        json.put("version", VERSION);
        json.put("cluster", cluster);
        json.set("target", TargetJson.write(cut.target()));
        json.put("moment", cut.moment().toString());
        json.put("momentMicros", cut.momentMicros());
        json.put("grade", cut.grade().toString());
        json.put("gradeReason", cut.gradeReason());
        json.put("epsilonMicros", cut.epsilonMicros());
        json.put("dialect", cut.dialect());
        json.set("shards", array(cut.boundaries(), CutJson::boundary));
        json.set("decisions", array(cut.decisions(), CutJson::decision));
        json.set("lateCommits", array(cut.lateCommits(), CutJson::late));
        json.set("unknownGids", array(cut.unknownGids(), NODES::stringNode));
        json.set("notes", array(cut.notes(), NODES::stringNode));
        json.set("segments", array(cut.segments(), CutJson::segment));
        return json;
    }

    static Certificate read(JsonNode json) {
        if (!json.isObject()
                || !FORMAT.equals(json.path("format").asString(""))
                || json.path("version").asInt(0) != VERSION) {
            throw new IllegalArgumentException("not a cut certificate of version " + VERSION);
        }
        return new Certificate(
                JsonFields.text(json, "cluster"),
                new Cut(
                        TargetJson.read(JsonFields.field(json, "target")),
                        JsonFields.number(json, "momentMicros"),
                        JsonFields.constant(json, "grade", Grade.class),
                        JsonFields.text(json, "gradeReason"),
                        JsonFields.number(json, "epsilonMicros"),
                        JsonFields.text(json, "dialect"),
                        list(json, "shards", CutJson::boundary),
                        list(json, "decisions", CutJson::decision),
                        list(json, "lateCommits", CutJson::late),
                        list(json, "unknownGids", JsonFields::text),
                        list(json, "notes", JsonFields::text),
                        list(json, "segments", CutJson::segment)));
    }

    private static <T> ArrayNode array(Collection<T> items, Function<T, ? extends JsonNode> writer) {
        ArrayNode array = NODES.arrayNode();
        items.forEach(item -> array.add(writer.apply(item)));
        return array;
    }

    private static <T> List<T> list(JsonNode json, String name, Function<JsonNode, T> reader) {
        JsonNode array = JsonFields.field(json, name);
        if (!array.isArray()) {
            throw new IllegalArgumentException("cut certificate: '" + name + "' is not a list");
        }
        List<T> items = new ArrayList<>();
        array.forEach(item -> items.add(reader.apply(item)));
        return items;
    }

    private static ObjectNode boundary(ShardBoundary boundary) {
        ObjectNode json = NODES.objectNode();
        json.put("shard", boundary.shard());
        json.put("timeline", Integer.toUnsignedLong(boundary.timeline()));
        json.put("lsn", boundary.lsn().toString());
        json.put("initial", boundary.initial().toString());
        json.put("given", boundary.given());
        json.set("lastInside", event(boundary.lastInside()));
        json.set("firstOutside", event(boundary.firstOutside()));
        ObjectNode clock = json.putObject("clock");
        clock.put("atMicros", boundary.clock().atReferenceMicros());
        clock.put("offsetLowMicros", boundary.clock().offsetLowMicros());
        clock.put("offsetHighMicros", boundary.clock().offsetHighMicros());
        json.set("lowerings", array(boundary.lowerings(), CutJson::lowering));
        return json;
    }

    private static ShardBoundary boundary(JsonNode json) {
        JsonNode clock = JsonFields.field(json, "clock");
        return new ShardBoundary(
                JsonFields.text(json, "shard"),
                JsonFields.id(json, "timeline"),
                JsonFields.lsn(json, "lsn"),
                JsonFields.lsn(json, "initial"),
                JsonFields.flag(json, "given"),
                eventOrNull(JsonFields.field(json, "lastInside")),
                eventOrNull(JsonFields.field(json, "firstOutside")),
                new ClockBounds(
                        JsonFields.number(clock, "atMicros"),
                        JsonFields.number(clock, "offsetLowMicros"),
                        JsonFields.number(clock, "offsetHighMicros")),
                list(json, "lowerings", CutJson::lowering));
    }

    private static JsonNode event(@Nullable Event event) {
        if (event == null) {
            return NODES.nullNode();
        }
        ObjectNode json = NODES.objectNode();
        json.put("kind", event.kind().name());
        json.put("before", event.before().toString());
        json.put("start", event.start().toString());
        json.put("end", event.end().toString());
        json.put("xid", Integer.toUnsignedLong(event.xid()));
        json.put("timeMicros", event.timeMicros());
        json.put("gid", event.gid());
        json.put("database", Integer.toUnsignedLong(event.databaseOid()));
        json.set("subxids", array(event.subxids(), xid -> NODES.numberNode(Integer.toUnsignedLong(xid))));
        return json;
    }

    private static @Nullable Event eventOrNull(JsonNode json) {
        return json.isNull() ? null : event(json);
    }

    private static Event event(JsonNode json) {
        JsonNode gid = JsonFields.field(json, "gid");
        return new Event(
                JsonFields.constant(json, "kind", Event.Kind.class),
                JsonFields.lsn(json, "before"),
                JsonFields.lsn(json, "start"),
                JsonFields.lsn(json, "end"),
                JsonFields.id(json, "xid"),
                JsonFields.number(json, "timeMicros"),
                gid.isNull() ? null : JsonFields.text(gid),
                JsonFields.id(json, "database"),
                list(json, "subxids", JsonFields::id));
    }

    private static ObjectNode lowering(Lowering lowering) {
        ObjectNode json = NODES.objectNode();
        json.put("from", lowering.from().toString());
        json.put("to", lowering.to().toString());
        json.put("byMicros", lowering.byMicros());
        json.put("gid", lowering.gid());
        json.put("xid", Integer.toUnsignedLong(lowering.xid()));
        json.put("missingShard", lowering.missingShard());
        json.put("missingGid", lowering.missingGid());
        return json;
    }

    private static Lowering lowering(JsonNode json) {
        return new Lowering(
                JsonFields.lsn(json, "from"),
                JsonFields.lsn(json, "to"),
                JsonFields.number(json, "byMicros"),
                JsonFields.text(json, "gid"),
                JsonFields.id(json, "xid"),
                JsonFields.text(json, "missingShard"),
                JsonFields.text(json, "missingGid"));
    }

    private static ObjectNode decision(Decision decision) {
        ObjectNode json = NODES.objectNode();
        json.put("shard", decision.shard());
        json.put("gid", decision.gid());
        json.put("xid", Integer.toUnsignedLong(decision.xid()));
        json.put("prepareEnd", decision.prepareEnd().toString());
        json.put("action", decision.action().name());
        json.put("reason", decision.reason());
        return json;
    }

    private static Decision decision(JsonNode json) {
        return new Decision(
                JsonFields.text(json, "shard"),
                JsonFields.text(json, "gid"),
                JsonFields.id(json, "xid"),
                JsonFields.lsn(json, "prepareEnd"),
                JsonFields.constant(json, "action", Decision.Action.class),
                JsonFields.text(json, "reason"));
    }

    private static ObjectNode late(LateCommit late) {
        ObjectNode json = NODES.objectNode();
        json.put("shard", late.shard());
        json.set("event", event(late.event()));
        json.put("correctedMicros", late.correctedMicros());
        json.put("why", late.why().name());
        json.put("keptByDecision", late.keptByDecision());
        return json;
    }

    private static LateCommit late(JsonNode json) {
        return new LateCommit(
                JsonFields.text(json, "shard"),
                event(JsonFields.field(json, "event")),
                JsonFields.number(json, "correctedMicros"),
                JsonFields.constant(json, "why", LateCommit.Why.class),
                JsonFields.flag(json, "keptByDecision"));
    }

    private static ObjectNode segment(SegmentId id) {
        ObjectNode json = NODES.objectNode();
        json.put("shard", id.shard());
        json.put("sequence", id.sequence());
        json.put("sha256", id.sha256());
        return json;
    }

    private static SegmentId segment(JsonNode json) {
        return new SegmentId(
                JsonFields.text(json, "shard"), JsonFields.number(json, "sequence"), JsonFields.text(json, "sha256"));
    }

    /** Positions by shard. */
    static ObjectNode positions(SortedMap<String, Lsn> byShard) {
        ObjectNode json = NODES.objectNode();
        byShard.forEach((shard, lsn) -> json.put(shard, lsn.toString()));
        return json;
    }

    static SortedMap<String, Lsn> positions(JsonNode json) {
        SortedMap<String, Lsn> byShard = new TreeMap<>();
        json.properties().forEach(entry -> byShard.put(entry.getKey(), Lsn.parse(JsonFields.text(entry.getValue()))));
        return byShard;
    }
}
