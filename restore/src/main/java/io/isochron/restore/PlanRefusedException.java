package io.isochron.restore;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A target that cannot be reached. Nothing was written anywhere. */
public final class PlanRefusedException extends RestoreException {

    private final @Nullable Instant nearestBefore;
    private final @Nullable Instant nearestAfter;
    private final String reason;
    private final String hint;

    PlanRefusedException(String reason, String hint, @Nullable Instant nearestBefore, @Nullable Instant nearestAfter) {
        super(reason, hint + nearest(nearestBefore, nearestAfter));
        this.nearestBefore = nearestBefore;
        this.nearestAfter = nearestAfter;
        this.reason = reason;
        this.hint = hint;
    }

    PlanRefusedException(String reason, String hint) {
        this(reason, hint, null, null);
    }

    /** The same with something else that may be why. */
    PlanRefusedException because(String also) {
        return new PlanRefusedException(reason + "; " + also, hint, nearestBefore, nearestAfter);
    }

    /** The latest reachable moment before the one asked for, in reference time. */
    public Optional<Instant> nearestBefore() {
        return Optional.ofNullable(nearestBefore);
    }

    /** The earliest reachable moment after the one asked for, in reference time. */
    public Optional<Instant> nearestAfter() {
        return Optional.ofNullable(nearestAfter);
    }

    private static String nearest(@Nullable Instant before, @Nullable Instant after) {
        if (before == null && after == null) {
            return "";
        }
        String left = before == null ? "none before" : before + " before";
        String right = after == null ? "none after" : after + " after";
        return "; nearest reachable moments: " + left + ", " + right;
    }
}
