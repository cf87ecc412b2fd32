package io.isochron.store;

import java.io.IOException;
import java.time.Instant;
import java.util.List;

/** The cluster's snapshots. Only published ones exist for readers. */
@SuppressWarnings({"DoNotCallSuggester", "UnusedVariable"})
public final class Snapshots {
    final SealedStore sealed;
    final ClusterIdentity cluster;

    Snapshots(SealedStore sealed, ClusterIdentity cluster) {
        this.sealed = sealed;
        this.cluster = cluster;
    }

    /** Begins a snapshot. Nobody sees it before {@link SnapshotWriter#publish}. */
    public SnapshotWriter begin(Instant created, SnapshotOptions options) {
        return new SnapshotWriter(this, created, options);
    }

    /** All published snapshots, oldest first. */
    public List<SnapshotInfo> list() throws IOException {
        throw new IOException("under construction");
    }

    /**
     * Opens a published snapshot.
     *
     * @throws ObjectNotFoundException if it is certain that there is none of this id
     */
    public SnapshotReader open(String id) throws IOException {
        throw new IOException("under construction");
    }
}
