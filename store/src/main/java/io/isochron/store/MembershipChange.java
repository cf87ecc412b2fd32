package io.isochron.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One version of a cluster's membership: what it changes.
 *
 * @param version 1 and up, without holes; version 0 is the list in the repository's header
 * @param kind what happened
 * @param shard the shard concerned, as the repository knows it
 * @param recorded when it was written down, to the microsecond; says nothing about membership
 * @param effective reference time from which on it counts, to the microsecond; null for changes that make nobody a member and take nobody out
 */
public record MembershipChange(
        long version,
        Kind kind,
        ShardIdentity shard,
        Instant recorded,
        @Nullable Instant effective) {
    /** Kinds of changes. */
    public enum Kind {
        /** The shard has a number, and its write-ahead log may be captured; it is no member yet. */
        ANNOUNCED,
        /** An announced shard is a member from the effective moment on. */
        JOINED,
        /** A member is one no longer from the effective moment on. */
        REMOVED,
        /** An announced shard will not become a member. */
        WITHDRAWN
    }

    public MembershipChange {
        boolean counts = kind == Kind.JOINED || kind == Kind.REMOVED;
        if (counts != (effective != null)) {
            throw new IllegalArgumentException("membership change " + version + " (" + kind + ") has "
                    + (counts ? "no effective moment" : "an effective moment"));
        }
    }
}
