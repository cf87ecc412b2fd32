package io.isochron.store;

import io.isochron.objects.StoreException;

/** WAL that lies between two archived pieces, or before the first, is missing. */
public final class WalGapException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final String shard;
    private final int timeline;
    private final long gapStart;
    private final long gapEnd;

    WalGapException(String shard, int timeline, long gapStart, long gapEnd) {
        super("wal of shard " + shard + ", timeline " + timeline + ", is missing from " + Names.lsn(gapStart) + " to "
                + Names.lsn(gapEnd) + "\nhint: moments beyond the gap need a snapshot that was taken after it");
        this.shard = shard;
        this.timeline = timeline;
        this.gapStart = gapStart;
        this.gapEnd = gapEnd;
    }

    public String shard() {
        return shard;
    }

    public int timeline() {
        return timeline;
    }

    /** The first missing position. */
    public long gapStart() {
        return gapStart;
    }

    /** The first position after the gap that is archived. */
    public long gapEnd() {
        return gapEnd;
    }
}
