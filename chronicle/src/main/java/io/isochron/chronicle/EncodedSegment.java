package io.isochron.chronicle;

/**
 * A segment with the bytes that are stored of it.
 *
 * @param segment what it says
 * @param bytes {@link SegmentCodec#encode} of it; not copied, not to be changed
 */
public record EncodedSegment(Segment segment, byte[] bytes) {}
