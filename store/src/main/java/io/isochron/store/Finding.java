package io.isochron.store;

/**
 * Something that {@link Repository#verify} found.
 *
 * @param severity how bad it is
 * @param object the name of the object concerned, or of the one that ought to be there
 * @param detail what does not hold, for people
 */
public record Finding(Severity severity, String object, String detail) {
    /** How bad a finding is. */
    public enum Severity {
        /** Something that was stored cannot be used. */
        DAMAGE,
        /** Something that ought to be there is not. */
        MISSING,
        /** It could not be told: the store failed. */
        UNKNOWN,
        /** Worth knowing; nothing that was promised is lost. */
        NOTICE
    }

    @Override
    public String toString() {
        return severity.name().toLowerCase(java.util.Locale.ROOT) + ": " + object + ": " + detail;
    }
}
