package io.isochron.store;

import io.isochron.objects.Content;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An object store seen through a repository's key: what goes in is sealed under its name, what comes out has been authenticated. */
final class SealedStore {
    private final ObjectStore store;
    private final RepositoryKey key;
    private final Seal seal;

    SealedStore(ObjectStore store, RepositoryKey key, UUID repositoryId) {
        this.store = store;
        this.key = key;
        this.seal = new Seal(key, repositoryId);
    }

    /** Seals and creates an object of these bytes, compressed if that helps. */
    void create(ObjectName name, ObjectKind kind, byte[] raw) throws IOException {
        create(name, kind, new ByteBuffer[] {ByteBuffer.wrap(raw)});
    }

    /** Seals and creates an object of the remaining bytes of these buffers, compressed if that helps; takes all of them. */
    void create(ObjectName name, ObjectKind kind, ByteBuffer[] raw) throws IOException {
        // most of what is stored shrinks to less than half
        int expected = Payload.checkedLength(raw) / 2;
        store.create(name, Content.of(seal.seal(name, expected, out -> Payload.encode(out, kind, raw))));
    }

    /** Seals and creates an object of a payload that is encoded already; returns its stored length. */
    long createEncoded(ObjectName name, ByteBuffer payload) throws IOException {
        Content content = Content.of(seal.seal(name, payload));
        store.create(name, content);
        return content.bytes();
    }

    /**
     * Reads and authenticates a whole object.
     *
     * @throws ObjectNotFoundException if it is certain that there is none
     * @throws ObjectDamagedException if it is not what was written under this name
     */
    byte[] read(ObjectName name, ObjectKind kind) throws IOException {
        return Payload.decode(name, kind, readPayload(name));
    }

    /** Reads and authenticates a whole object of whatever kind, its header included. */
    byte[] readPayload(ObjectName name) throws IOException {
        return store.read(name, Seal.MAX_SEALED_BYTES, bytes -> seal.open(name, bytes));
    }

    Optional<byte[]> find(ObjectName name, ObjectKind kind) throws IOException {
        try {
            return Optional.of(read(name, kind));
        } catch (ObjectNotFoundException e) {
            return Optional.empty();
        }
    }

    boolean exists(ObjectName name) throws IOException {
        return stat(name).isPresent();
    }

    Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        return store.stat(name);
    }

    Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        return store.list(prefix, startAfter);
    }

    /** Reads the repository's header again. */
    RepositoryHeader readHeader() throws IOException {
        return RepositoryHeader.read(store, key);
    }

    String describe() {
        return store.describe();
    }

    /** The {@link IOException} in what a lazy listing threw. */
    static IOException unwrap(UncheckedIOException e) {
        IOException cause = e.getCause();
        return cause == null ? new IOException(e) : cause;
    }
}
