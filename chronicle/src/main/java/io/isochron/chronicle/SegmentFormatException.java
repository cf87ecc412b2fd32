package io.isochron.chronicle;

/** Bytes that are not a whole, unchanged chronicle segment of a version this program reads. */
public final class SegmentFormatException extends Exception {
    SegmentFormatException(String message) {
        super(message);
    }
}
