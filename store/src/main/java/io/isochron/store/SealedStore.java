package io.isochron.store;

import io.isochron.objects.Content;
import io.isochron.objects.LockRenewal;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.Renewal;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.StoreException;
import io.isochron.objects.TamperedObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An object store seen through a repository's key: what goes in is sealed under its name, what comes out has been authenticated. */
final class SealedStore {
    private final ObjectStore store;
    private final RepositoryKey key;
    private final RepositoryHeader header;
    private final Seal seal;

    SealedStore(ObjectStore store, RepositoryKey key, RepositoryHeader header) {
        this.store = store;
        this.key = key;
        this.header = header;
        this.seal = new Seal(key, header.repositoryId());
    }

    RepositoryKey key() {
        return key;
    }

    /** The same store, to be written to with another key of the set. */
    SealedStore sealingWith(String keyId) {
        return new SealedStore(store, key.sealingWith(keyId), header);
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
     * @throws KeyRotatedException if it does not open and the key lacks one that the repository's was rotated to
     */
    byte[] read(ObjectName name, ObjectKind kind) throws IOException {
        return Payload.decode(name, kind, readPayload(name));
    }

    /**
     * The same for somebody who does not keep the bytes.
     *
     * @throws IOException as {@link #read}
     * @throws E as the borrower throws it
     */
    <T, E extends Exception> T lend(ObjectName name, ObjectKind kind, Borrower<T, E> borrower) throws IOException, E {
        return Payload.lend(name, kind, readPayload(name), borrower);
    }

    /** Reads and authenticates a whole object of whatever kind, its header included. */
    byte[] readPayload(ObjectName name) throws IOException {
        try {
            return readUnexplained(name);
        } catch (ObjectDamagedException e) {
            throw explained(name, e);
        }
    }

    /** The same, where it does not matter whether a rotated key is the reason why it does not open. */
    byte[] readUnexplained(ObjectName name) throws IOException {
        return store.read(name, Seal.MAX_SEALED_BYTES, bytes -> open(name, bytes));
    }

    /** Authenticates the bytes of an object of whatever kind. */
    byte[] open(ObjectName name, byte[] bytes) throws IOException {
        return seal.open(name, bytes);
    }

    /** Authenticates an object in every copy that answers, and puts right those that lack it or have it damaged. Nothing is done where there is one place only. */
    void readEverywhere(ObjectName name) throws IOException {
        if (store instanceof ReplicatedStore copies) {
            copies.mend(name, Seal.MAX_SEALED_BYTES, bytes -> open(name, bytes));
        }
    }

    RepositoryHeader header() {
        return header;
    }

    /** The bytes of an object as they are stored, whatever they are. */
    byte[] readStored(ObjectName name) throws IOException {
        return store.readAll(name, Seal.MAX_SEALED_BYTES);
    }

    /** What does not open may be sealed by a key that this one lacks: the format does not tell, the records of keys do. */
    private IOException explained(ObjectName name, ObjectDamagedException damaged) {
        try {
            KeyChange lacking = new KeyRecords(this, header).lacking();
            return lacking == null ? damaged : new KeyRotatedException(name, key, lacking, damaged);
        } catch (StoreException e) {
            damaged.addSuppressed(e);
            return damaged;
        } catch (IOException e) {
            // the store does not answer, so nothing can be said
            e.addSuppressed(damaged);
            return e;
        }
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

    Renewal renew(ObjectName name) throws IOException {
        return store.renew(name);
    }

    LockRenewal renewal(int atOnce) {
        return new LockRenewal(store, atOnce);
    }

    void delete(ObjectName name) throws IOException {
        store.delete(name);
    }

    Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        return store.list(prefix, startAfter);
    }

    /** Looks for objects that somebody overwrote or hid, where the store keeps what was there. */
    void findTampered(Consumer<TamperedObject> found) throws IOException {
        store.findTampered("", found);
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
