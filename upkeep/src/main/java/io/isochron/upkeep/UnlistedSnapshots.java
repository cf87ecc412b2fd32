package io.isochron.upkeep;

import io.isochron.objects.StoreException;
import io.isochron.store.Horizon;
import io.isochron.store.Repository;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Snapshots that are known by something else than the list that a decision is made from: another list, and packs and manifests, whose names are looked up one by one. A snapshot that a list hides would lose
 * its WAL and keep its name.
 */
final class UnlistedSnapshots {
    private final Repository repository;
    private final Set<String> published;
    private final Map<String, Long> unpublished;

    private UnlistedSnapshots(Repository repository, Set<String> published, Map<String, Long> unpublished) {
        this.repository = repository;
        this.published = published;
        this.unpublished = unpublished;
    }

    /** Looks for them, before the list is made: one that is published from now on need not be in it. */
    static UnlistedSnapshots look(Repository repository, Horizon horizon) throws IOException {
        Map<String, Long> unpublished =
                new TreeMap<>(repository.garbage(horizon).unpublished());
        Set<String> published = new TreeSet<>(repository.snapshots().ids());
        for (String id : Set.copyOf(unpublished.keySet())) {
            if (repository.snapshots().published(id)) {
                published.add(id);
                unpublished.remove(id);
            }
        }
        return new UnlistedSnapshots(repository, published, unpublished);
    }

    /** The ids of snapshots that have packs or manifests and are certainly not published, with the number of such objects. */
    Map<String, Long> unpublished() {
        return unpublished;
    }

    /**
     * Holds a list to what was found.
     *
     * @throws StoreException if it lacks a snapshot that is there and kept
     */
    void requireListed(Set<String> listed) throws IOException {
        for (String id : published) {
            if (!listed.contains(id) && repository.snapshots().published(id)) {
                throw new StoreException(
                        "the list of snapshots lacks snapshot " + id
                                + ", which is published: what it needs cannot be told, and nothing is given up"
                                + "\nhint: run the command again; if it happens again the store's lists are stale, which docs/object-stores.md does not allow");
            }
        }
    }
}
