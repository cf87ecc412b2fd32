package io.isochron.app;

import io.isochron.objects.CopyListener;
import io.isochron.objects.LazyStore;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.ReplicatedStore.Role;
import io.isochron.objects.Stores;
import io.isochron.store.RepositoryCopies;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Opens the stores that a repository lies in. */
final class RepositoryStores {
    private final Stores stores;
    private final Placement placement;
    private final Consumer<String> warnings;

    /**
     * @param stores opens places, one for all that a command does
     * @param warnings is told what happens to copies, a line each
     */
    RepositoryStores(Stores stores, Placement placement, Consumer<String> warnings) {
        this.stores = stores;
        this.placement = placement;
        this.warnings = warnings;
    }

    /** The store of the repository; of several copies each is opened when it is needed. */
    ObjectStore open(Role role) throws IOException {
        return placement.inOnePlace()
                ? stores.open(placement.copies().getFirst().place())
                : copies(role);
    }

    /** Several copies as one store. */
    ReplicatedStore copies(Role role) {
        Map<String, ObjectStore> copies = new LinkedHashMap<>();
        for (Placement.Copy copy : placement.copies()) {
            copies.put(copy.name(), new LazyStore(copy.place().describe(), () -> stores.open(copy.place())));
        }
        return RepositoryCopies.of(copies, placement.confirmations(), role, listener());
    }

    /** Makes the store, in every place of it. All must confirm what makes it a repository. */
    ObjectStore create() throws IOException {
        if (placement.inOnePlace()) {
            return stores.create(placement.copies().getFirst().place());
        }
        Map<String, ObjectStore> copies = new LinkedHashMap<>();
        for (Placement.Copy copy : placement.copies()) {
            copies.put(copy.name(), stores.create(copy.place()));
        }
        return RepositoryCopies.of(copies, copies.size(), Role.WRITER, listener());
    }

    /** Makes a place ready to be filled as a copy; one that is ready already stays as it is. */
    void prepare(Placement.Copy copy) throws IOException {
        stores.create(copy.place()).close();
    }

    private CopyListener listener() {
        return new CopyListener() {
            @Override
            public void away(String copy, IOException cause) {
                warnings.accept("copy " + copy + " is away: " + firstLine(cause));
            }

            @Override
            public void returned(String copy, long missed) {
                warnings.accept("copy " + copy + " answers again"
                        + (missed == 0
                                ? ""
                                : missed == Long.MAX_VALUE ? "; comparing it" : "; it missed " + missed + " objects"));
            }

            @Override
            public void caughtUp(String copy, long objects) {
                warnings.accept("copy " + copy + " has caught up: " + objects + " objects placed");
            }

            @Override
            public void repaired(String copy, ObjectName name, String reason) {
                warnings.accept("copy " + copy + ": object " + name + " was repaired: " + reason);
            }

            @Override
            public void notRepaired(String copy, ObjectName name, IOException cause) {
                warnings.accept("copy " + copy + ": object " + name + " needs repair and could not be repaired: "
                        + firstLine(cause));
            }
        };
    }

    private static String firstLine(IOException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
