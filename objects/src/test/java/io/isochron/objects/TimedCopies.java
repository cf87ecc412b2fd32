package io.isochron.objects;

import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** Copies that are left out, and asked again, by a test's clock. */
public final class TimedCopies {
    private TimedCopies() {}

    /** As the constructor of {@link ReplicatedStore} that takes a clock. */
    public static ReplicatedStore of(
            Map<String, ? extends ObjectStore> stores,
            int confirmations,
            ObjectName marker,
            Predicate<ObjectName> contested,
            ReplicatedStore.Role role,
            LongSupplier nanoTime) {
        return new ReplicatedStore(stores, confirmations, marker, contested, role, CopyListener.NONE, nanoTime);
    }
}
