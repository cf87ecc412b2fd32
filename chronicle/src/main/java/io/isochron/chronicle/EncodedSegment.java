package io.isochron.chronicle;

/** A segment with the bytes that are stored of it. */
public final class EncodedSegment {
    private final Segment segment;
    private final byte[] bytes;

    EncodedSegment(Segment segment) {
        this.segment = segment;
        this.bytes = SegmentCodec.encode(segment);
    }

    /** What it says. */
    public Segment segment() {
        return segment;
    }

    /** {@link SegmentCodec#encode} of it; not a copy, not to be changed. */
    public byte[] bytes() {
        return bytes;
    }
}
