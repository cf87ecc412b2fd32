package io.isochron.chronicle;

/**
 * A segment as it was read.
 *
 * @param segment what it says; row counts may have been left out
 * @param sha256 SHA-256 of the bytes it has in the repository, lower-case hexadecimal
 */
public record StoredSegment(Segment segment, String sha256) {}
