package io.isochron.store;

import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** The shards' ledgers: minutes, numbered without holes from 0 (from the first that is kept, once retention removed some), parts of minutes, and roll-ups, one at most for each hour and day. */
public final class LedgerStore {
    /** The greatest number of a minute. */
    public static final long MAX_NUMBER = 9_999_999_999_999_999L;

    /** Roll-ups. */
    public enum Rollup {
        HOUR("hour"),
        DAY("day");

        final String folder;

        Rollup(String folder) {
            this.folder = folder;
        }
    }

    private final SealedStore sealed;
    private final ClusterIdentity cluster;
    private final Function<String, NumberedObjects.Floor> floors;

    LedgerStore(SealedStore sealed, ClusterIdentity cluster, Function<String, NumberedObjects.Floor> floors) {
        this.sealed = sealed;
        this.cluster = cluster;
        this.floors = floors;
    }

    /**
     * Adds a minute, durable on return. The caller numbers without holes; of two that append the same number one wins.
     *
     * @param number 0 to {@link #MAX_NUMBER}
     * @throws ObjectExistsException if the number is taken
     */
    public void append(String shard, long number, byte[] entry) throws IOException {
        sealed.create(name(shard, number), ObjectKind.LEDGER, entry);
    }

    /** A minute, or empty if it is certain that there is none of this number. */
    public Optional<byte[]> find(String shard, long number) throws IOException {
        return sealed.find(name(shard, number), ObjectKind.LEDGER);
    }

    /**
     * Reads a minute.
     *
     * @throws ObjectNotFoundException if it is certain that there is none of this number
     */
    public byte[] read(String shard, long number) throws IOException {
        return sealed.read(name(shard, number), ObjectKind.LEDGER);
    }

    /** The lowest number there is, or empty if it is certain that there is no minute. It is 0 until retention removes minutes. */
    public OptionalLong firstNumber(String shard) throws IOException {
        return numbers(shard).first();
    }

    /**
     * The highest number there is, or empty if it is certain that there is no minute. Costs a few requests, not a listing.
     *
     * @throws ObjectNotFoundException naming the first missing minute if there is a hole where the end was sought
     */
    public OptionalLong lastNumber(String shard) throws IOException {
        return numbers(shard).last();
    }

    /**
     * Adds a roll-up, durable on return.
     *
     * @param period number of the hour or day since the Unix epoch, 0 to 9,999,999,999
     * @throws ObjectExistsException if there is one
     */
    public void appendRollup(String shard, Rollup rollup, long period, byte[] entry) throws IOException {
        sealed.create(Names.rollup(cluster.number(shard), rollup.folder, period), ObjectKind.LEDGER, entry);
    }

    /** A roll-up, or empty if it is certain that there is none. */
    public Optional<byte[]> findRollup(String shard, Rollup rollup, long period) throws IOException {
        return sealed.find(Names.rollup(cluster.number(shard), rollup.folder, period), ObjectKind.LEDGER);
    }

    /**
     * Adds what a minute held before it was over, durable on return.
     *
     * @param number the minute's, 0 to {@link #MAX_NUMBER}
     * @param sixth up to which sixth of the minute, 1 to 5
     * @throws ObjectExistsException if there is one
     */
    public void appendPart(String shard, long number, int sixth, byte[] entry) throws IOException {
        sealed.create(part(shard, number, sixth), ObjectKind.LEDGER, entry);
    }

    /** A part of a minute, or empty if it is certain that there is none. */
    public Optional<byte[]> findPart(String shard, long number, int sixth) throws IOException {
        return sealed.find(part(shard, number, sixth), ObjectKind.LEDGER);
    }

    private ObjectName part(String shard, long number, int sixth) {
        if (number < 0 || number > MAX_NUMBER || sixth < 1 || sixth > 5) {
            throw new IllegalArgumentException(
                    "part " + sixth + " of ledger entry " + number + " of shard " + shard + " cannot be numbered so");
        }
        return Names.part(cluster.number(shard), number, sixth);
    }

    private NumberedObjects numbers(String shard) {
        return new NumberedObjects(
                sealed,
                Names.ledger(cluster.number(shard)),
                MAX_NUMBER,
                number -> name(shard, number),
                floors.apply(shard));
    }

    private ObjectName name(String shard, long number) {
        if (number < 0 || number > MAX_NUMBER) {
            throw new IllegalArgumentException(
                    "ledger entry " + number + " of shard " + shard + " cannot be numbered so");
        }
        return Names.ledger(cluster.number(shard), number);
    }
}
