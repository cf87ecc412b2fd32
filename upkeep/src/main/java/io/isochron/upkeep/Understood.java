package io.isochron.upkeep;

import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import java.util.Optional;

/** Whether what is authentic can be understood, too. */
public final class Understood {
    private Understood() {}

    /** What is wrong with a chronicle segment, in words; empty if it can be decoded. */
    public static Optional<String> segment(byte[] content) {
        try {
            SegmentCodec.decode(content);
            return Optional.empty();
        } catch (SegmentFormatException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
