package io.isochron.store;

import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** The shards' chronicle segments, numbered without holes from wherever a shard's first one began. */
public final class ChronicleStore {
    /** The greatest sequence number. */
    public static final long MAX_SEQUENCE = 9_999_999_999_999_999L;

    private final SealedStore sealed;
    private final ClusterIdentity cluster;
    private final Function<String, NumberedObjects.Floor> floors;
    /** The shards' numbers as far as they were asked for: of a thousand shards the last one is found as soon as the first. */
    private final Map<String, Integer> numbers = new ConcurrentHashMap<>();

    ChronicleStore(SealedStore sealed, ClusterIdentity cluster, Function<String, NumberedObjects.Floor> floors) {
        this.sealed = sealed;
        this.cluster = cluster;
        this.floors = floors;
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

    /**
     * Shows a segment to somebody who does not keep its bytes: where many are read, most of the time goes into making room for them.
     *
     * @throws ObjectNotFoundException as {@link #read}
     * @throws E as the borrower throws it
     */
    public <T, E extends Exception> T lend(String shard, long sequence, Borrower<T, E> borrower) throws IOException, E {
        return sealed.lend(name(shard, sequence), ObjectKind.CHRONICLE, borrower);
    }

    /** A segment, or empty if it is certain that there is none of this number. */
    public Optional<byte[]> find(String shard, long sequence) throws IOException {
        return sealed.find(name(shard, sequence), ObjectKind.CHRONICLE);
    }

    /** The lowest number there is, or empty if it is certain that there is no segment. */
    public OptionalLong firstSequence(String shard) throws IOException {
        return numbers(shard).first();
    }

    /**
     * The highest number there is, or empty if it is certain that there is no segment. Costs a few requests, not a listing of all: it gallops
     * from the first number, halves, and lists what follows.
     *
     * @throws ObjectNotFoundException naming the first missing segment if there is a hole where the end was sought
     */
    public OptionalLong lastSequence(String shard) throws IOException {
        return numbers(shard).last();
    }

    /**
     * The numbers of the oldest and the newest segment as far as a few requests without any listing tell; empty if there is none. Who reads up to the end must look for a hole there: {@link #lastSequence}.
     *
     * @param guess what the newest number may be, if only nearly: other shards' often is; 0 for no guess
     */
    public Optional<Ends> ends(String shard, long guess) throws IOException {
        NumberedObjects numbers = numbers(shard);
        OptionalLong first = numbers.first();
        return first.isEmpty()
                ? Optional.empty()
                : Optional.of(new Ends(first.getAsLong(), numbers.reached(first.getAsLong(), guess)));
    }

    /**
     * Numbers of segments.
     *
     * @param first the oldest
     * @param reached up to which there is one of every number
     */
    public record Ends(long first, long reached) {}

    private NumberedObjects numbers(String shard) {
        return new NumberedObjects(
                sealed,
                Names.chronicle(number(shard)),
                MAX_SEQUENCE,
                sequence -> name(shard, sequence),
                floors.apply(shard));
    }

    private int number(String shard) {
        return numbers.computeIfAbsent(shard, cluster::number);
    }

    private ObjectName name(String shard, long sequence) {
        if (sequence < 0 || sequence > MAX_SEQUENCE) {
            throw new IllegalArgumentException(
                    "chronicle segment " + sequence + " of shard " + shard + " cannot be numbered so");
        }
        return Names.chronicle(number(shard), sequence);
    }
}
