package io.isochron.upkeep;

import io.isochron.objects.ObjectInfo;
import io.isochron.store.Garbage;
import java.util.EnumMap;
import java.util.Map;

/** Counts objects by what they are. Not for several threads at once. */
public final class Removable {
    /**
     * A number of objects.
     *
     * @param bytes their stored length
     */
    public record Count(long objects, long bytes) {
        static final Count NONE = new Count(0, 0);

        Count plus(long more) {
            return new Count(objects + 1, bytes + more);
        }
    }

    private final Map<Garbage.Part, Count> counts = new EnumMap<>(Garbage.Part.class);

    void add(Garbage.Part part, ObjectInfo object) {
        counts.put(part, of(part).plus(object.bytes()));
    }

    /** Of one part. */
    public Count of(Garbage.Part part) {
        return counts.getOrDefault(part, Count.NONE);
    }

    /** Of all parts. */
    public Count all() {
        long objects = 0;
        long bytes = 0;
        for (Count count : counts.values()) {
            objects += count.objects();
            bytes += count.bytes();
        }
        return new Count(objects, bytes);
    }
}
