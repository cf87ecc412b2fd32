package io.isochron.objects;

/** What came of {@link ObjectStore#renew}, from the least to the most. */
public enum Renewal {
    /** The store has no locks, or does not lock this object; nothing was done. */
    NO_LOCK,
    /** More than half of the lock's duration is left; nothing was done. */
    LONG_ENOUGH,
    /** The lock ends later now. */
    EXTENDED;

    Renewal or(Renewal other) {
        return compareTo(other) > 0 ? this : other;
    }
}
