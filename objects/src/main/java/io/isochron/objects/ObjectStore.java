package io.isochron.objects;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Named bytes, written once. The contract that every store and every decorator of one keeps, and that the contract suite tests:
 *
 * <ul>
 *   <li><b>Written once.</b> {@link #create} never replaces. Of two that create the same name at once, in one process or in several,
 *       exactly one succeeds.
 *   <li><b>No object has the name of another's folder:</b> where there is {@code a/b}, nobody creates {@code a}. That is the caller's duty: a
 *       file system refuses it, stores without folders cannot.
 *   <li><b>Whole or absent.</b> No reader, at no time, sees an object in part, whatever happens to its writer.
 *   <li><b>Durable.</b> When {@link #create} returns, or throws {@link ObjectExistsException}, the object survives a loss of power at once.
 *   <li><b>Read your writes.</b> What was created is seen by {@link #stat}, {@link #open} and {@link #list} of everyone afterwards. Objects that
 *       are created during a listing may be missing from it, and a later one may be listed without an earlier one.
 *   <li><b>"Cannot tell" is not "not there".</b> Absence is said only by {@link ObjectNotFoundException} and by an empty
 *       {@link Optional}, and only when it is certain. Any {@link IOException} that is not a {@link StoreException} leaves open whether the call
 *       had its effect; in particular a {@code create} that ends so may have created the object.
 *   <li><b>Not verified.</b> A store returns the bytes it has. That they are the right ones is for the reader to find out.
 * </ul>
 *
 * <p>All methods may be called by many threads at once. Nothing is retried here; that is a decorator's work.
 */
public interface ObjectStore extends AutoCloseable {
    /**
     * Creates an object.
     *
     * @throws ObjectExistsException if an object of this name exists, whatever its bytes
     * @throws StoreFullException if there is no space; nothing was created
     * @throws IOException if it cannot be told whether the object was created
     */
    void create(ObjectName name, Content content) throws IOException;

    /**
     * Opens {@code length} bytes from {@code offset} on. The stream ends early if the object does.
     *
     * @param offset 0 or more; at or after the object's end the stream is empty
     * @param length 0 or more; {@link Long#MAX_VALUE} reads to the end
     * @throws ObjectNotFoundException if it is certain that there is no such object
     */
    InputStream open(ObjectName name, long offset, long length) throws IOException;

    /** The object's length, or empty if it is certain that there is no such object. */
    Optional<ObjectInfo> stat(ObjectName name) throws IOException;

    /**
     * Lists objects in ascending order of their names, lazily. The stream must be closed; it throws {@link java.io.UncheckedIOException} when
     * the store fails on the way.
     *
     * @param prefix what the names start with, not necessarily up to a slash; empty for all
     * @param startAfter only names greater than this one; null for all
     */
    Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException;

    /**
     * Removes an object. Only retention and compaction do this. Of two that remove the same object at once both may succeed.
     *
     * @throws ObjectNotFoundException if it is certain that there is no such object
     * @throws ObjectLockedException if the store keeps it; it is there as it was
     */
    void delete(ObjectName name) throws IOException;

    /**
     * Puts right bytes in the place of an object whose bytes are damaged, or creates it. Only repair does this, with bytes that were authenticated and are what was created under this
     * name once. Readers see the old bytes or the new ones, whole. Durable on return.
     *
     * @throws StoreException if the store does not allow it; the object is as it was
     * @throws IOException if it cannot be told whether the object was replaced
     */
    void replace(ObjectName name, Content content) throws IOException;

    /**
     * Says that an object is still needed: if the store locks objects and less than half of the lock's duration is left, the lock ends a whole duration from now. No lock is ever shortened. Costs one
     * request, two when the lock is extended, and none in a store without locks.
     *
     * @throws ObjectNotFoundException if it is certain that there is no such object; a store without locks does not look
     */
    default Renewal renew(ObjectName name) throws IOException {
        return Renewal.NO_LOCK;
    }

    /**
     * Until when {@link #delete} would be refused; empty if it would not be. Of several copies the latest.
     *
     * @throws ObjectNotFoundException if it is certain that there is no such object
     */
    default Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        if (stat(name).isEmpty()) {
            throw new ObjectNotFoundException(name, describe());
        }
        return Optional.empty();
    }

    /**
     * Reads what an object was before somebody overwrote it, where the store keeps that.
     *
     * @param limit as of {@link #read}
     * @return the oldest version that passes the check, which is the one that was created or a repaired one; empty if none does or none is kept
     */
    default <T> Optional<T> readOlder(ObjectName name, int limit, Check<T> check) throws IOException {
        return Optional.empty();
    }

    /**
     * Looks for objects that were overwritten, or hidden by a delete marker, where the store keeps what was there before.
     *
     * @param prefix of the names that are looked at; empty for all
     */
    default void findTampered(String prefix, Consumer<TamperedObject> found) throws IOException {}

    /** A short description for people, such as a folder or a bucket; never with a secret. */
    String describe();

    @Override
    default void close() throws IOException {}

    /**
     * Reads exactly {@code length} bytes from {@code offset} on.
     *
     * @throws EOFException if the object is shorter
     */
    default byte[] readRange(ObjectName name, long offset, int length) throws IOException {
        try (InputStream in = open(name, offset, length)) {
            byte[] bytes = in.readNBytes(length);
            if (bytes.length < length) {
                throw new EOFException("object " + name + " ends at " + (offset + bytes.length) + ", "
                        + (offset + length) + " bytes were expected");
            }
            return bytes;
        }
    }

    /** Tells right bytes from others, and makes of them what the reader wants. */
    @FunctionalInterface
    interface Check<T> {
        /**
         * @param bytes of a whole object, perhaps cut off at the reader's limit
         * @throws ObjectDamagedException if they are not what was created under the name
         */
        T open(byte[] bytes) throws IOException;
    }

    /**
     * Reads a whole object and checks it. A store that keeps several copies goes on to the next copy where one is damaged, missing or out of reach, and repairs what it can. One that keeps older versions
     * goes on to these.
     *
     * @param limit longest object expected; of a longer one {@code limit + 1} bytes are checked
     * @throws ObjectNotFoundException if it is certain that there is no such object
     * @throws ObjectDamagedException if no copy passes the check
     */
    default <T> T read(ObjectName name, int limit, Check<T> check) throws IOException {
        try {
            return check.open(readAll(name, limit));
        } catch (ObjectDamagedException e) {
            return readOlder(name, limit, check).orElseThrow(() -> e);
        }
    }

    /** Reads a whole object of at most {@code limit} bytes; a longer one is cut off after {@code limit + 1}. */
    default byte[] readAll(ObjectName name, int limit) throws IOException {
        try (InputStream in = open(name, 0, limit + 1L)) {
            return in.readAllBytes();
        }
    }
}
