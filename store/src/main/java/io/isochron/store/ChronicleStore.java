package io.isochron.store;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The shards' chronicle segments, numbered without holes from wherever a shard's first one began. */
public final class ChronicleStore {
    /** The greatest sequence number. */
    public static final long MAX_SEQUENCE = 9_999_999_999_999_999L;

    private final SealedStore sealed;
    private final ClusterIdentity cluster;

    ChronicleStore(SealedStore sealed, ClusterIdentity cluster) {
        this.sealed = sealed;
        this.cluster = cluster;
    }

    /**
     * Adds a segment, durable on return. The caller numbers without holes; of two that append the same number one wins.
     *
     * @param sequence 0 to {@link #MAX_SEQUENCE}
     * @throws ObjectExistsException if the number is taken
     */
    public void append(String shard, long sequence, byte[] segment) throws IOException {
        sealed.create(name(shard, sequence), ObjectKind.CHRONICLE, segment);
    }

    /**
     * Reads a segment.
     *
     * @throws ObjectNotFoundException if it is certain that there is none of this number
     */
    public byte[] read(String shard, long sequence) throws IOException {
        return sealed.read(name(shard, sequence), ObjectKind.CHRONICLE);
    }

    /** A segment, or empty if it is certain that there is none of this number. */
    public Optional<byte[]> find(String shard, long sequence) throws IOException {
        return sealed.find(name(shard, sequence), ObjectKind.CHRONICLE);
    }

    /** The lowest number there is, or empty if it is certain that there is no segment. */
    public OptionalLong firstSequence(String shard) throws IOException {
        return firstAfter(shard, null);
    }

    /**
     * The highest number there is, or empty if it is certain that there is no segment. Costs a few requests, not a listing of all: it gallops
     * from the first number, halves, and lists what follows.
     *
     * @throws ObjectNotFoundException naming the first missing segment if there is a hole where the end was sought
     */
    public OptionalLong lastSequence(String shard) throws IOException {
        OptionalLong first = firstSequence(shard);
        if (first.isEmpty()) {
            return first;
        }
        long present = first.getAsLong();
        long step = 1;
        while (exists(shard, present + step)) {
            present += step;
            step *= 2;
        }
        long absent = present + step;
        while (absent - present > 1) {
            long middle = present + (absent - present) / 2;
            if (exists(shard, middle)) {
                present = middle;
            } else {
                absent = middle;
            }
        }
        // others may be appending, so that the next numbers can appear at any time; anything beyond a missing number is
        // a hole
        while (true) {
            OptionalLong next = firstAfter(shard, name(shard, present));
            if (next.isEmpty()) {
                return OptionalLong.of(present);
            }
            if (next.getAsLong() != present + 1 && !exists(shard, present + 1)) {
                throw new ObjectNotFoundException(name(shard, present + 1), sealed.describe());
            }
            present++;
        }
    }

    private boolean exists(String shard, long sequence) throws IOException {
        return sequence <= MAX_SEQUENCE && sealed.exists(name(shard, sequence));
    }

    private OptionalLong firstAfter(String shard, @org.jspecify.annotations.Nullable ObjectName after)
            throws IOException {
        try (Stream<ObjectInfo> objects = sealed.list(Names.chronicle(cluster.number(shard)), after)) {
            Optional<ObjectInfo> first = objects.findFirst();
            return first.isEmpty()
                    ? OptionalLong.empty()
                    : OptionalLong.of(Long.parseLong(first.get().name().lastSegment()));
        }
    }

    private ObjectName name(String shard, long sequence) {
        if (sequence < 0 || sequence > MAX_SEQUENCE) {
            throw new IllegalArgumentException(
                    "chronicle segment " + sequence + " of shard " + shard + " cannot be numbered so");
        }
        return Names.chronicle(cluster.number(shard), sequence);
    }
}
