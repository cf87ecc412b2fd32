package io.isochron.objects;

import java.time.Duration;

/**
 * How long a store has to refuse to remove what was created (S3 Object Lock).
 *
 * @param mode who may remove it earlier
 * @param duration from creation on, and again from each renewal on; 1 day to 100 years
 */
public record ObjectLock(Mode mode, Duration duration) {
    private static final Duration SHORTEST = Duration.ofDays(1);
    private static final Duration LONGEST = Duration.ofDays(36_500);

    /** Who may remove a locked object. */
    public enum Mode {
        /** Those with a right of their own ({@code s3:BypassGovernanceRetention}), which Isochron neither needs nor uses. */
        GOVERNANCE,
        /** Nobody, not even the owner of the account. */
        COMPLIANCE
    }

    /** @throws IllegalArgumentException if the duration is out of range */
    public ObjectLock {
        if (duration.compareTo(SHORTEST) < 0 || duration.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("objects cannot be locked for " + duration.toHours()
                    + " hours\nhint: 1 to 36500 days, such as 30d");
        }
    }
}
