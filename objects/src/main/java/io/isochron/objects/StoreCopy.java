package io.isochron.objects;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One of a {@link ReplicatedStore}'s copies, and what is known of it: whether it answers, and which objects it lacks because it did not answer when they were created.
 *
 * <p>A copy that fails once with anything but a {@link StoreException} is <i>away</i>: it is left out until some time has passed, twice as long after each further failure, so that one
 * that is lost does not hold up the others with its timeouts.
 */
final class StoreCopy {
    /** Names of missed objects that are kept; with more of them all objects are compared instead. */
    static final int MISSED_MAX = 50_000;

    static final String MISSING = "it was missing";

    static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    /** What a copy is asked for. */
    @FunctionalInterface
    interface Request<T> {
        T ask(ObjectStore store) throws IOException;
    }

    private final String name;
    private final ObjectStore store;
    private final @Nullable ObjectName marker;
    private final CopyListener listener;
    private final LongSupplier nanoTime;

    private final ArrayDeque<ObjectName> missed = new ArrayDeque<>();
    private volatile boolean filled;
    private boolean missedUnknown;
    private boolean placing;
    private @Nullable IOException failure;
    private long retryAt;
    private long pauseNanos;

    /**
     * @param marker what a copy has once it was filled; null if it always is
     * @param nanoTime a clock that never goes back, in nanoseconds
     */
    StoreCopy(
            String name, ObjectStore store, @Nullable ObjectName marker, CopyListener listener, LongSupplier nanoTime) {
        this.name = name;
        this.store = store;
        this.marker = marker;
        this.listener = listener;
        this.nanoTime = nanoTime;
    }

    String name() {
        return name;
    }

    ObjectStore store() {
        return store;
    }

    /** True if it answered when it was asked last, or if it is time to ask it again. */
    synchronized boolean worthAsking() {
        return failure == null || nanoTime.getAsLong() - retryAt >= 0;
    }

    /** Why it is away; null if it is not. */
    synchronized @Nullable IOException failure() {
        return failure;
    }

    /** Asks, and learns from the answer whether it is away. A {@link StoreException} is an answer. */
    <T> T ask(Request<T> request) throws IOException {
        try {
            T answer = request.ask(store);
            answered();
            return answer;
        } catch (StoreException | Contents.SourceException e) {
            answered();
            throw e;
        } catch (IOException e) {
            failed(e);
            throw e;
        }
    }

    /** True if absence in this copy means something: it has been filled, or the object is the one that it gets last. */
    boolean knowsAbsence(ObjectName object) {
        return object.equals(marker) || filled();
    }

    /** True if it has all objects but those that were created while it was away. */
    boolean filled() {
        ObjectName last = marker;
        if (!filled && last != null) {
            try {
                filled = ask(s -> s.stat(last)).isPresent();
            } catch (IOException e) {
                return false;
            }
        }
        return filled || last == null;
    }

    /** Puts right bytes in the place of others, or creates the object if it is {@link #MISSING}, and tells how that went. */
    void repair(ObjectName object, byte[] right, String reason) {
        try {
            ask(s -> {
                if (reason.equals(MISSING)) {
                    s.create(object, Content.of(right));
                } else {
                    s.replace(object, Content.of(right));
                }
                return object;
            });
            listener.repaired(name, object, reason);
        } catch (ObjectExistsException e) {
            // its writer was faster
        } catch (IOException e) {
            listener.notRepaired(name, object, e);
        }
    }

    private void answered() {
        long lacking;
        synchronized (this) {
            if (failure == null) {
                return;
            }
            failure = null;
            pauseNanos = 0;
            lacking = missedUnknown ? Long.MAX_VALUE : missed.size();
        }
        listener.returned(name, lacking);
    }

    private void failed(IOException cause) {
        boolean first;
        synchronized (this) {
            first = failure == null;
            failure = cause;
            pauseNanos = Math.min(Math.max(2 * pauseNanos, FIRST_PAUSE.toNanos()), LONGEST_PAUSE.toNanos());
            retryAt = nanoTime.getAsLong() + pauseNanos;
        }
        if (first) {
            listener.away(name, cause);
        }
    }

    /** Notes that the copy may lack an object that others have. */
    synchronized void missed(ObjectName object) {
        if (missed.size() == MISSED_MAX) {
            missed.clear();
            missedUnknown = true;
        }
        if (!missedUnknown) {
            missed.add(object);
        }
    }

    /** True if it lacks so much that its whole content must be compared. */
    synchronized boolean missedUnknown() {
        return missedUnknown;
    }

    /** All is compared from here on. What is missed meanwhile is noted again. */
    synchronized void comparing() {
        missedUnknown = false;
        missed.clear();
    }

    /** It must be compared after all. */
    synchronized void notCompared() {
        missedUnknown = true;
        missed.clear();
    }

    synchronized boolean behind() {
        return missedUnknown || placing || !missed.isEmpty();
    }

    /** Whether what was taken from the missed is still being placed. */
    synchronized void placing(boolean now) {
        placing = now;
    }

    /** Takes up to {@code count} of the missed objects, the oldest; who cannot place one gives it back by {@link #missed}. */
    synchronized List<ObjectName> takeMissed(int count) {
        List<ObjectName> taken = new ArrayList<>();
        while (taken.size() < count && !missed.isEmpty()) {
            taken.add(missed.remove());
        }
        return taken;
    }

    @Override
    public String toString() {
        return name;
    }
}
