package io.isochron.store;

import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Objects that are numbered without holes from wherever the first one began, in one folder: finds their ends. Below a floor, which only rises, objects are of no account: they are being removed, in
 * whatever order.
 */
final class NumberedObjects {
    /** Tells the lowest number that counts. */
    interface Floor {
        /** As far as it is known. */
        long known() throws IOException;

        /** Looks again. */
        long current() throws IOException;
    }

    private static final Floor NONE = new Floor() {
        @Override
        public long known() {
            return 0;
        }

        @Override
        public long current() {
            return 0;
        }
    };

    private final SealedStore sealed;
    private final String prefix;
    private final long max;
    private final LongFunction<ObjectName> names;
    private final Floor floor;

    NumberedObjects(SealedStore sealed, String prefix, long max, LongFunction<ObjectName> names) {
        this(sealed, prefix, max, names, NONE);
    }

    NumberedObjects(SealedStore sealed, String prefix, long max, LongFunction<ObjectName> names, Floor floor) {
        this.sealed = sealed;
        this.prefix = prefix;
        this.max = max;
        this.names = names;
        this.floor = floor;
    }

    /** The lowest number that counts, or empty if it is certain that there is no object. Mostly it is the floor, which is seen without a listing. */
    OptionalLong first() throws IOException {
        return first(floor.known());
    }

    private OptionalLong first(long least) throws IOException {
        return exists(least) ? OptionalLong.of(least) : firstAfter(least == 0 ? null : names.apply(least - 1));
    }

    /**
     * The highest number there is, or empty if it is certain that there is no object. Costs a few requests, not a listing of all: it gallops
     * from the first number, halves, and lists what follows.
     *
     * @throws ObjectNotFoundException naming the first missing object if there is a hole where the end was sought
     */
    OptionalLong last() throws IOException {
        long known = floor.known();
        try {
            return last(known);
        } catch (ObjectNotFoundException e) {
            // what is missing may have been removed for good since the floor was looked at
            if (floor.current() > known) {
                return last(floor.known());
            }
            throw e;
        }
    }

    private OptionalLong last(long least) throws IOException {
        OptionalLong first = first(least);
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
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
    }
}
