package io.isochron.chronicle;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A moment that cannot be reached.
 *
 * @param why class of the reason
 * @param reason for people: lower case, names shard and values
 * @param nearestBefore latest reachable moment at or before the one asked for, if any
 * @param nearestAfter earliest reachable moment at or after it, if any
 */
public record Unreachable(
        Why why,
        String reason,
        @Nullable Instant nearestBefore,
        @Nullable Instant nearestAfter) implements Solution {
    /** Classes of reasons. */
    public enum Why {
        /** Before the first snapshot's consistent point. */
        BEFORE_WINDOW,
        /** Not all shards are known to be archived up to there. */
        AFTER_SAFE_TIME,
        /** WAL of a shard is missing around there. */
        GAP,
        /** Nothing at all is known of a shard. */
        MISSING_SHARD,
        /** A prepared transaction is older than the chronicle of another shard: whether it was committed there cannot be told. */
        IN_DOUBT_UNKNOWN,
        /** Segments that exist were not given to the solver; read further back. */
        NOT_LOADED,
        /** The members of the cluster were others then than those that were asked for. */
        OTHER_MEMBERS,
        /** The transaction or position named by the target is not known. */
        UNKNOWN_TARGET
    }

    /** The latest reachable moment at or before. */
    public Optional<Instant> before() {
        return Optional.ofNullable(nearestBefore);
    }

    /** The earliest reachable moment at or after. */
    public Optional<Instant> after() {
        return Optional.ofNullable(nearestAfter);
    }

    /** The reason with both nearest moments, and the hint line. */
    public String message() {
        StringBuilder text = new StringBuilder(reason).append("\nhint: ");
        if (nearestBefore == null && nearestAfter == null) {
            return text.append("no moment can be reached yet; take a snapshot while capture runs")
                    .toString();
        }
        text.append("nearest reachable moments: ");
        if (nearestBefore != null) {
            text.append(nearestBefore).append(" before");
        }
        if (nearestAfter != null) {
            text.append(nearestBefore != null ? ", " : "").append(nearestAfter).append(" after");
        }
        return text.toString();
    }
}
