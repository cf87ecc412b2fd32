package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.StoreException;
import io.isochron.store.Finding.Severity;
import io.isochron.store.RepositoryCopies.CopyFinding;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The records of scrubs, specified in docs/repository-format.md. */
public final class ScrubRecords {
    private static final int LAYOUT = 1;
    private static final long MAX_NUMBER = 9_999_999_999L;

    private final SealedStore sealed;
    private final NumberedObjects numbered;

    ScrubRecords(SealedStore sealed) {
        this.sealed = sealed;
        this.numbered = new NumberedObjects(sealed, Names.SCRUBS, MAX_NUMBER, Names::scrub);
    }

    /**
     * The newest record, or empty if it is certain that there is none.
     *
     * @throws ObjectNotFoundException naming a missing one if there is a later one
     * @throws ObjectDamagedException if it is damaged
     */
    public Optional<ScrubRecord> newest() throws IOException {
        OptionalLong last = numbered.last();
        return last.isEmpty() ? Optional.empty() : Optional.of(read(last.getAsLong()));
    }

    /**
     * Reads one.
     *
     * @throws ObjectNotFoundException if it is certain that there is none of this number
     * @throws ObjectDamagedException if it is damaged
     */
    public ScrubRecord read(long number) throws IOException {
        ObjectName name = Names.scrub(number);
        ScrubRecord record = decode(name, sealed.read(name, ObjectKind.SCRUB));
        if (record.number() != number) {
            throw new ObjectDamagedException(name, "it is record " + record.number());
        }
        return record;
    }

    /**
     * Adds one, durable on return.
     *
     * @throws StoreException if another scrub took the number; nothing was changed by this call
     */
    public void append(ScrubRecord record) throws IOException {
        try {
            sealed.create(Names.scrub(record.number()), ObjectKind.SCRUB, encode(record));
        } catch (ObjectExistsException e) {
            throw new StoreException(
                    "another scrub of this repository recorded what it read meanwhile (scrub record " + record.number()
                            + ")\nhint: let one scrub run at a time",
                    e);
        }
    }

    static byte[] encode(ScrubRecord record) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("scrub", LAYOUT);
        root.put("number", record.number());
        root.put("pass", record.pass());
        root.put("begun", record.begun().toString());
        root.put("recorded", record.recorded().toString());
        root.put("after", record.after());
        root.put("through", record.through());
        record.copies().forEach(root.putArray("copies")::add);
        root.put("objects", record.objects());
        root.put("bytes", record.bytes());
        root.put("problems", record.problems());
        ArrayNode findings = root.putArray("findings");
        for (CopyFinding found : record.findings()) {
            findings.addObject()
                    .put("copy", found.copy())
                    .put("severity", found.finding().severity().name().toLowerCase(Locale.ROOT))
                    .put("object", found.finding().object())
                    .put("detail", found.finding().detail());
        }
        return Json.bytes(root);
    }

    private static ScrubRecord decode(ObjectName name, byte[] bytes) throws ObjectDamagedException {
        try {
            JsonNode root = Json.MAPPER.readTree(bytes);
            if (root.path("scrub").intValue() != LAYOUT) {
                throw new ObjectDamagedException(name, "it is a record of a version that this program does not know");
            }
            List<String> copies = new ArrayList<>();
            for (JsonNode copy : root.path("copies")) {
                copies.add(copy.stringValue());
            }
            List<CopyFinding> findings = new ArrayList<>();
            for (JsonNode found : root.path("findings")) {
                findings.add(new CopyFinding(
                        found.path("copy").stringValue(),
                        new Finding(
                                Severity.valueOf(
                                        found.path("severity").stringValue().toUpperCase(Locale.ROOT)),
                                found.path("object").stringValue(),
                                found.path("detail").stringValue())));
            }
            return new ScrubRecord(
                    root.path("number").longValue(),
                    root.path("pass").longValue(),
                    Instant.parse(root.path("begun").stringValue()),
                    Instant.parse(root.path("recorded").stringValue()),
                    root.path("after").stringValue(),
                    root.path("through").stringValue(),
                    copies,
                    root.path("objects").longValue(),
                    root.path("bytes").longValue(),
                    root.path("problems").longValue(),
                    findings);
        } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
            throw new ObjectDamagedException(name, "it is not a scrub record", e);
        }
    }
}
