package io.isochron.restore;

import io.isochron.chronicle.NearMoments;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.chronicle.StoredSegment;
import io.isochron.store.ChronicleStore;
import java.io.IOException;
import java.io.UncheckedIOException;

/** How much of a chronicle segment is read. */
@FunctionalInterface
interface SegmentReading {
    /**
     * Reads a segment, and sees that it is the one that was asked for.
     *
     * @throws RestoreException if it is damaged, or another
     * @throws IOException if it is missing or cannot be read
     */
    StoredSegment read(String shard, long sequence) throws IOException;

    /** All of it. */
    static SegmentReading whole(ChronicleStore store) {
        return decoding(store, encoded -> SegmentCodec.decode(encoded));
    }

    /** What a cut needs, events when they are asked for: {@link SegmentCodec#decodeForCut(byte[])}. */
    static SegmentReading forCut(ChronicleStore store) {
        return decoding(store, encoded -> SegmentCodec.decodeForCut(encoded));
    }

    /** The same where hardly any segment's events are asked for but those near some moments: of others nothing but them is kept. */
    static SegmentReading forCut(ChronicleStore store, NearMoments near) {
        return (shard, sequence) -> {
            try {
                return asked(
                        shard,
                        sequence,
                        store.lend(
                                shard,
                                sequence,
                                (encoded, length) -> SegmentCodec.decodeForCut(
                                        encoded, length, near, () -> again(store, shard, sequence))));
            } catch (SegmentFormatException e) {
                throw damaged(shard, sequence, e);
            }
        };
    }

    private static byte[] again(ChronicleStore store, String shard, long sequence) {
        try {
            return store.read(shard, sequence);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Decodes the bytes of a segment. */
    @FunctionalInterface
    interface Decoding {
        /** @throws SegmentFormatException if they are not sound */
        Segment decode(byte[] encoded) throws SegmentFormatException;
    }

    private static SegmentReading decoding(ChronicleStore store, Decoding decoding) {
        return (shard, sequence) -> {
            byte[] encoded = store.read(shard, sequence);
            try {
                return asked(
                        shard, sequence, new StoredSegment(decoding.decode(encoded), SegmentCodec.sha256(encoded)));
            } catch (SegmentFormatException e) {
                throw damaged(shard, sequence, e);
            }
        };
    }

    private static StoredSegment asked(String shard, long sequence, StoredSegment stored) throws RestoreException {
        Segment segment = stored.segment();
        if (!segment.shard().equals(shard) || segment.sequence() != sequence) {
            throw new RestoreException(
                    "chronicle segment " + sequence + " of shard " + shard + " holds segment " + segment.sequence()
                            + " of shard " + segment.shard(),
                    "the repository's objects were mixed up; run verify");
        }
        return stored;
    }

    /** What is said of a segment that is not sound. */
    static RestoreException damaged(String shard, long sequence, SegmentFormatException e) {
        return new RestoreException(
                "chronicle segment " + sequence + " of shard " + shard + " is not sound: " + e.getMessage(),
                "run verify to see what else is damaged",
                e);
    }
}
