package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The rotations of a repository's key as objects, specified in docs/repository-format.md. Each is sealed by the key before it, so that whoever lacks the new one can read which one it is.
 */
final class KeyRecords {
    private static final int LAYOUT = 1;
    /** Digits of a record's number in its name. */
    private static final long MAX_NUMBER = 99_999_999;

    private final SealedStore sealed;
    private final RepositoryHeader header;

    KeyRecords(SealedStore sealed, RepositoryHeader header) {
        this.sealed = sealed;
        this.header = header;
    }

    /** A history with the hash that the next record has to name. */
    record Chain(KeyHistory history, String sha256) {
        ObjectName next() {
            return Names.key(history.changes().size() + 1L);
        }
    }

    private Chain begin() {
        return new Chain(
                new KeyHistory(header.keyId(), header.created(), List.of(), true),
                Hashes.sha256(header.identityBytes()));
    }

    /**
     * Reads all records that the key opens.
     *
     * @throws ObjectNotFoundException naming a missing one if there is a later one
     * @throws ObjectDamagedException if one is not what follows the one before it
     */
    Chain read() throws IOException {
        Chain chain = begin();
        for (ObjectName name : names()) {
            if (!sealed.key().keyIds().contains(chain.history().current())) {
                KeyHistory known = chain.history();
                return new Chain(new KeyHistory(known.first(), known.created(), known.changes(), false), "");
            }
            if (!name.equals(chain.next())) {
                throw name.compareTo(chain.next()) > 0
                        ? new ObjectNotFoundException(chain.next(), sealed.describe())
                        : new ObjectDamagedException(name, "its name is not that of a record of a key");
            }
            chain = follow(chain, name, Payload.decode(name, ObjectKind.KEY, sealed.readUnexplained(name)));
        }
        return chain;
    }

    private List<ObjectName> names() throws IOException {
        try (Stream<ObjectInfo> listing = sealed.list(Names.KEYS, null)) {
            return listing.map(ObjectInfo::name).toList();
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
    }

    /** The rotation to the first key that the one at hand lacks; null if it lacks none that it can tell of. */
    @Nullable
    KeyChange lacking() throws IOException {
        return read().history().changes().stream()
                .filter(change -> !sealed.key().keyIds().contains(change.to()))
                .findFirst()
                .orElse(null);
    }

    /**
     * Records that a key is to seal from now on, durable on return.
     *
     * @throws StoreException if another rotation was recorded meanwhile; nothing was changed by this call
     */
    KeyHistory append(Chain chain, String to, Instant recorded, String by) throws IOException {
        KeyHistory before = chain.history();
        long number = before.changes().size() + 1L;
        if (!before.whole() || before.knows(to) || number > MAX_NUMBER) {
            throw new IllegalArgumentException("key " + to + " cannot follow " + before);
        }
        KeyChange change = new KeyChange(number, before.current(), to, MembershipObjects.micros(recorded), by);
        try {
            sealed.sealingWith(before.current()).create(chain.next(), ObjectKind.KEY, encode(change, chain.sha256()));
        } catch (ObjectExistsException e) {
            throw new StoreException(
                    "the repository's key was rotated by someone else meanwhile (record " + number
                            + ")\nhint: look with `isochron key show`, and copy the key file from where that was done",
                    e);
        }
        return with(before, change);
    }

    private static KeyHistory with(KeyHistory before, KeyChange change) {
        List<KeyChange> changes = new ArrayList<>(before.changes());
        changes.add(change);
        return new KeyHistory(before.first(), before.created(), changes, true);
    }

    private static byte[] encode(KeyChange change, String previous) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("key", LAYOUT);
        root.put("number", change.number());
        root.put("previous", previous);
        root.put("from", change.from());
        root.put("to", change.to());
        root.put("recorded", change.recorded().toString());
        root.put("by", change.by());
        return Json.bytes(root);
    }

    private static Chain follow(Chain chain, ObjectName name, byte[] bytes) throws ObjectDamagedException {
        try {
            JsonNode root = Json.MAPPER.readTree(bytes);
            KeyChange change = new KeyChange(
                    root.path("number").longValue(),
                    root.path("from").stringValue(),
                    root.path("to").stringValue(),
                    Instant.parse(root.path("recorded").stringValue()),
                    root.path("by").stringValue());
            KeyHistory before = chain.history();
            if (change.number() != before.changes().size() + 1L
                    || !change.from().equals(before.current())
                    || before.knows(change.to())
                    || !Arrays.equals(bytes, encode(change, chain.sha256()))) {
                throw new ObjectDamagedException(name, "it does not follow the record of a key before it");
            }
            return new Chain(with(before, change), Hashes.sha256(bytes));
        } catch (JacksonException | DateTimeException e) {
            throw new ObjectDamagedException(name, "it is not the record of a key", e);
        }
    }
}
