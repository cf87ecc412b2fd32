package io.isochron.store;

import java.util.Optional;

/** Tells whether the content of a chronicle segment can be understood, for those who know what it means; that it is what was written is told before. */
@FunctionalInterface
public interface SegmentCheck {
    /** Content means nothing. */
    SegmentCheck NONE = content -> Optional.empty();

    /** What is wrong with it, in words; empty if nothing is. */
    Optional<String> wrong(byte[] content);
}
