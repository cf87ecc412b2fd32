package io.isochron.objects;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Places in one copy every object that others have and it lacks. Compares listings, one pass over both; holds no list of all. An object that exists is left as it is, whatever its bytes: {@code verify}
 * reads them.
 */
final class CopySync {
    private final List<StoreCopy> from;
    private final StoreCopy to;
    private final @Nullable ObjectName last;
    private final BooleanSupplier cancelled;
    private final LongConsumer progress;

    /**
     * @param from where objects come from; each that answers is listed
     * @param last the object that is placed after all others
     */
    CopySync(List<StoreCopy> from, StoreCopy to, @Nullable ObjectName last, BooleanSupplier cancelled) {
        this(from, to, last, cancelled, _ -> {});
    }

    /** @param progress is told how many objects were compared */
    CopySync(
            List<StoreCopy> from,
            StoreCopy to,
            @Nullable ObjectName last,
            BooleanSupplier cancelled,
            LongConsumer progress) {
        this.progress = progress;
        this.last = last;
        this.from = from;
        this.to = to;
        this.cancelled = cancelled;
    }

    /**
     * The number of objects that were placed.
     *
     * @throws IOException if the copy, or all others, cannot be read or written; what was placed stays, and another run goes on
     */
    long run() throws IOException {
        long placed = 0;
        long compared = 0;
        Cursor there = new Cursor(to);
        try (Stream<ObjectInfo> objects = MergedListing.of(from, "", null, 1, (_, _) -> {})) {
            for (ObjectInfo info : (Iterable<ObjectInfo>) objects::iterator) {
                if (cancelled.getAsBoolean()) {
                    throw new IOException("comparing copy " + to.name() + " was cancelled");
                }
                boolean lacking = !there.reaches(info.name()) && !info.name().equals(last);
                if (lacking && place(info.name(), from, to)) {
                    placed++;
                    CrashPoint.reached("copy.placed");
                }
                progress.accept(++compared);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause() == null ? new IOException(e) : e.getCause();
        } finally {
            there.close();
        }
        CrashPoint.reached("copy.compared");
        boolean finished = last != null && !to.filled() && place(last, from, to);
        CrashPoint.reached("copy.finished");
        return finished ? placed + 1 : placed;
    }

    /** Places one object; false if nobody has it any more, or the copy has got it meanwhile. */
    static boolean place(ObjectName name, List<StoreCopy> from, StoreCopy to) throws IOException {
        Answers answers = new Answers(name, "copy");
        for (StoreCopy source : from) {
            try {
                byte[] bytes = source.ask(store -> store.readAll(name, ReplicatedStore.OBJECT_BYTES_MAX));
                to.ask(store -> {
                    store.create(name, Content.of(bytes));
                    return name;
                });
                return true;
            } catch (ObjectExistsException e) {
                return false;
            } catch (ObjectNotFoundException e) {
                answers.absent(source);
            } catch (IOException e) {
                answers.failed(source, e);
                if (to.failure() != null) {
                    throw e;
                }
            }
        }
        if (answers.failures() > 0) {
            throw answers.unclear(1);
        }
        return false;
    }

    /** A listing that is read along with another one. */
    private static final class Cursor {
        private final Stream<ObjectInfo> objects;
        private final java.util.Iterator<ObjectInfo> names;
        private ObjectName at = new ObjectName("0");
        private boolean over;
        private boolean begun;

        Cursor(StoreCopy copy) throws IOException {
            this.objects = copy.ask(store -> store.list("", null));
            this.names = objects.iterator();
        }

        /** True if the listing has this name; names are asked for in ascending order. */
        boolean reaches(ObjectName name) {
            while (!over && (!begun || at.compareTo(name) < 0)) {
                begun = true;
                if (names.hasNext()) {
                    at = names.next().name();
                } else {
                    over = true;
                }
            }
            return !over && at.equals(name);
        }

        void close() {
            objects.close();
        }
    }
}
