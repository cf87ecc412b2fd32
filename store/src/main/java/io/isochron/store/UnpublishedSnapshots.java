package io.isochron.store;

import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds what snapshots left that were begun and not published. */
final class UnpublishedSnapshots {
    private final SealedStore sealed;

    UnpublishedSnapshots(SealedStore sealed) {
        this.sealed = sealed;
    }

    /** The ids of snapshots that have packs or manifests and are none of these, with the number of such objects; one step of the listing for each snapshot that is there. */
    Map<String, Long> count(Collection<String> published) throws IOException {
        Set<String> known = Set.copyOf(published);
        Map<String, Long> result = new TreeMap<>();
        for (String folder : List.of("manifest", "pack")) {
            @Nullable ObjectName after = null;
            while (true) {
                Optional<ObjectInfo> next;
                try (Stream<ObjectInfo> objects = sealed.list(folder + "/", after)) {
                    next = objects.findFirst();
                }
                if (next.isEmpty()) {
                    break;
                }
                String id = next.get().name().value().split("/")[1];
                if (!known.contains(id)) {
                    try (Stream<ObjectInfo> objects = sealed.list(folder + "/" + id + "/", null)) {
                        result.merge(id, objects.count(), Long::sum);
                    }
                }
                after = ObjectName.of(folder, id, "zzzz");
            }
        }
        return result;
    }
}
