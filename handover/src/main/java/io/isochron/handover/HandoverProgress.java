package io.isochron.handover;

/** Hears how far a comparison or back-fill has come. Called from several threads, a few times a second per shard. */
@FunctionalInterface
public interface HandoverProgress {
    /** Says nothing to nobody. */
    HandoverProgress NONE = (_, _, _) -> {};

    /**
     * A shard has come further.
     *
     * @param shard the shard's name
     * @param rowsDone restored rows compared (and, where asked, given back) so far
     * @param rowsEstimated PostgreSQL's own estimate of all restored rows; may be less than {@code rowsDone}
     */
    void advanced(String shard, long rowsDone, long rowsEstimated);
}
