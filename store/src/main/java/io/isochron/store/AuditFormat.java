package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.store.AuditEntry.Actor;
import io.isochron.store.AuditEntry.Event;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Entries of the audit log as JSON. */
final class AuditFormat {
    private static final int LAYOUT = 1;

    private AuditFormat() {}

    /** An entry and what it says of the one before. */
    record Linked(AuditEntry entry, AuditLog.Link previous) {}

    static byte[] encode(AuditEntry entry, AuditLog.Link previous) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("audit", LAYOUT);
        root.put("number", entry.number());
        root.put("previous", previous.sha256());
        if (previous.unread()) {
            root.put("unread", true);
        }
        root.put("at", entry.at().toString());
        root.put("user", entry.by().user());
        root.put("host", entry.by().host());
        root.put("program", entry.by().program());
        root.put("configuration", entry.by().configuration());
        root.put("key", entry.key());
        root.put("command", entry.command());
        ArrayNode arguments = root.putArray("arguments");
        entry.arguments().forEach(arguments::add);
        root.put("event", entry.event().name().toLowerCase(Locale.ROOT));
        if (entry.begun() != null) {
            root.put("begun", entry.begun());
        }
        if (entry.exit() != null) {
            root.put("exit", entry.exit());
        }
        if (!entry.detail().isEmpty()) {
            root.put("detail", entry.detail());
        }
        return Json.bytes(root);
    }

    static Linked decode(ObjectName name, byte[] bytes) throws ObjectDamagedException {
        try {
            JsonNode root = Json.MAPPER.readTree(bytes);
            if (root.path("audit").intValue() != LAYOUT) {
                throw new ObjectDamagedException(
                        name, "it is an entry of the audit log of a layout that this program does not know");
            }
            List<String> arguments = new ArrayList<>();
            root.path("arguments").forEach(argument -> arguments.add(argument.stringValue()));
            JsonNode begun = root.path("begun");
            JsonNode exit = root.path("exit");
            AuditEntry entry = new AuditEntry(
                    root.path("number").longValue(),
                    Instant.parse(root.path("at").stringValue()),
                    new Actor(
                            root.path("user").stringValue(),
                            root.path("host").stringValue(),
                            root.path("program").stringValue(),
                            root.path("configuration").stringValue()),
                    root.path("command").stringValue(),
                    arguments,
                    Event.valueOf(root.path("event").stringValue().toUpperCase(Locale.ROOT)),
                    begun.isMissingNode() ? null : begun.longValue(),
                    exit.isMissingNode() ? null : exit.intValue(),
                    root.path("key").stringValue(),
                    root.path("detail").asString(""));
            return new Linked(
                    entry,
                    new AuditLog.Link(
                            entry.number() - 1,
                            root.path("previous").stringValue(),
                            root.path("unread").asBoolean(false)));
        } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
            throw new ObjectDamagedException(name, "it is not an entry of the audit log", e);
        }
    }
}
