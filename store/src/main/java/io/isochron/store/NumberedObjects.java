package io.isochron.store;

import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Objects that are numbered without holes from wherever the first one began, in one folder: finds their ends. */
final class NumberedObjects {
    private final SealedStore sealed;
    private final String prefix;
    private final long max;
    private final LongFunction<ObjectName> names;

    NumberedObjects(SealedStore sealed, String prefix, long max, LongFunction<ObjectName> names) {
        this.sealed = sealed;
        this.prefix = prefix;
        this.max = max;
        this.names = names;
    }

    /** The lowest number there is, or empty if it is certain that there is no object. Mostly it is 0, which is seen without a listing. */
    OptionalLong first() throws IOException {
        return exists(0) ? OptionalLong.of(0) : firstAfter(null);
    }

    /**
     * The highest number there is, or empty if it is certain that there is no object. Costs a few requests, not a listing of all: it gallops
     * from the first number, halves, and lists what follows.
     *
     * @throws ObjectNotFoundException naming the first missing object if there is a hole where the end was sought
     */
    OptionalLong last() throws IOException {
        OptionalLong first = first();
        if (first.isEmpty()) {
            return first;
        }
        long present = reached(first.getAsLong(), 0);
        // others may be appending, so that the next numbers can appear at any time; anything beyond a missing number is
        // a hole
        while (true) {
            OptionalLong next = firstAfter(names.apply(present));
            if (next.isEmpty()) {
                return OptionalLong.of(present);
            }
            if (next.getAsLong() != present + 1 && !exists(present + 1)) {
                throw new ObjectNotFoundException(names.apply(present + 1), sealed.describe());
            }
            present++;
        }
    }

    /**
     * A number up to which there seem to be objects from {@code present} on: the last, unless there is a hole. Lists nothing.
     *
     * @param present a number that there is
     * @param guess where the end may be; a good one saves requests, a bad one costs a few
     */
    long reached(long present, long guess) throws IOException {
        long reached = guess > present && exists(guess) ? guess : present;
        long step = 1;
        while (exists(reached + step)) {
            reached += step;
            step *= 2;
        }
        long absent = reached + step;
        while (absent - reached > 1) {
            long middle = reached + (absent - reached) / 2;
            if (exists(middle)) {
                reached = middle;
            } else {
                absent = middle;
            }
        }
        return reached;
    }

    boolean exists(long number) throws IOException {
        return number <= max && sealed.exists(names.apply(number));
    }

    private OptionalLong firstAfter(@Nullable ObjectName after) throws IOException {
        try (Stream<ObjectInfo> objects = sealed.list(prefix, after)) {
            Optional<ObjectInfo> first = objects.findFirst();
            return first.isEmpty()
                    ? OptionalLong.empty()
                    : OptionalLong.of(Long.parseLong(first.get().name().lastSegment()));
        }
    }
}
