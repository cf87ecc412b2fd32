package io.isochron.store;

import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectName;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** PostgreSQL's timeline history files ({@code NNNNNNNN.history}), one per shard and timeline. */
public final class TimelineHistories {
    private final SealedStore sealed;
    private final ClusterIdentity cluster;

    TimelineHistories(SealedStore sealed, ClusterIdentity cluster) {
        this.sealed = sealed;
        this.cluster = cluster;
    }

    /**
     * Keeps a timeline's history; does nothing if the same is kept already.
     *
     * @throws ObjectExistsException if another history of that timeline is kept
     */
    public void put(String shard, int timeline, byte[] content) throws IOException {
        ObjectName name = Names.history(cluster.number(shard), timeline);
        try {
            sealed.create(name, ObjectKind.TIMELINE_HISTORY, content);
        } catch (ObjectExistsException e) {
            if (!Arrays.equals(sealed.read(name, ObjectKind.TIMELINE_HISTORY), content)) {
                throw e;
            }
        }
    }

    /** A timeline's history, or empty if it is certain that none is kept. */
    public Optional<byte[]> get(String shard, int timeline) throws IOException {
        return sealed.find(Names.history(cluster.number(shard), timeline), ObjectKind.TIMELINE_HISTORY);
    }
}
