package io.isochron.chronicle;

import org.jspecify.annotations.Nullable;

/** Decodes one shard's segments in their order and holds each to the one before: sequence, hash, position. */
public final class SegmentChain {
    private @Nullable Segment last;
    private String lastSha256 = Segment.NO_PREVIOUS;

    /**
     * The next segment. The first one given may have any sequence; each further one must follow.
     *
     * @param encoded its bytes
     * @throws SegmentFormatException if it is damaged, does not follow, or its predecessor is not the one it was made after
     */
    public Segment next(byte[] encoded) throws SegmentFormatException {
        Segment segment = SegmentCodec.decode(encoded);
        follow(new StoredSegment(segment, SegmentCodec.sha256(encoded)));
        return segment;
    }

    /**
     * Holds a segment that is decoded already to the one before.
     *
     * @throws SegmentFormatException if it does not follow, or its predecessor is not the one it was made after
     */
    public void follow(StoredSegment stored) throws SegmentFormatException {
        Segment segment = stored.segment();
        Segment previous = last;
        if (previous != null) {
            if (!previous.shard().equals(segment.shard()) || segment.sequence() != previous.sequence() + 1) {
                throw new SegmentFormatException("chronicle segment " + segment.sequence() + " of shard '"
                        + segment.shard() + "' does not follow segment " + previous.sequence() + " of shard '"
                        + previous.shard() + "'");
            }
            if (!segment.previousSha256().equals(lastSha256)) {
                throw new SegmentFormatException("chronicle segment " + segment.sequence() + " of shard '"
                        + segment.shard() + "' was made after another segment " + previous.sequence()
                        + " than the one that is there");
            }
        }
        last = segment;
        lastSha256 = stored.sha256();
    }

    /** SHA-256 of the last segment's bytes, or {@link Segment#NO_PREVIOUS}: what the next one must name. */
    public String lastSha256() {
        return lastSha256;
    }
}
