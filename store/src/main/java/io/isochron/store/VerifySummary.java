package io.isochron.store;

/**
 * What a verification covered.
 *
 * @param objects objects read and authenticated, damaged ones included
 * @param bytes their stored length
 * @param problems findings other than notices
 */
public record VerifySummary(long objects, long bytes, long problems) {
    /** Both together. */
    VerifySummary plus(VerifySummary other) {
        return new VerifySummary(objects + other.objects, bytes + other.bytes, problems + other.problems);
    }

    /** True if everything in scope is whole. */
    public boolean whole() {
        return problems == 0;
    }
}
