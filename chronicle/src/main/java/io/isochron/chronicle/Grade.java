package io.isochron.chronicle;

import java.util.Locale;

/** What a cut promises; computed and reported, never assumed. */
public enum Grade {
    /** Atomic, and nothing in the cut can have seen anything outside it: the cut lies on a fence. */
    EXTERNAL,
    /** Every global transaction is in the cut on all its shards or on none; single-shard commits are placed by measured clocks. */
    ATOMIC,
    /** Each shard is right by itself; across shards nothing is promised. Only when asked for by name. */
    SHARD;

    /** Lower case, as people and documents write it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
