package io.isochron.objects;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** The listings of several copies as one: in the order of names, each name once. Goes on as long as enough copies go on. */
final class MergedListing implements Iterator<ObjectInfo>, AutoCloseable {
    /** Told of every object before it is given out. */
    @FunctionalInterface
    interface Seen {
        /** @param having those of the listed copies that have it, at least one */
        void seen(ObjectName name, List<StoreCopy> having) throws IOException;
    }

    private final String prefix;
    private final int needed;
    private final Seen seen;
    private final Answers answers;
    private final List<Source> sources = new ArrayList<>();

    private MergedListing(String prefix, int needed, Seen seen) {
        this.prefix = prefix;
        this.needed = needed;
        this.seen = seen;
        this.answers = Answers.ofListing(prefix);
    }

    /**
     * @param needed how many copies must be listed to the end
     * @throws IOException if fewer can be listed; later the stream throws it unchecked
     */
    static Stream<ObjectInfo> of(
            List<StoreCopy> copies, String prefix, @Nullable ObjectName startAfter, int needed, Seen seen)
            throws IOException {
        MergedListing listing = new MergedListing(prefix, needed, seen);
        for (StoreCopy copy : copies) {
            IOException failure = copy.failure();
            if (failure != null && !copy.worthAsking()) {
                listing.answers.failed(copy, failure);
                continue;
            }
            try {
                listing.sources.add(new Source(copy, copy.ask(store -> store.list(prefix, startAfter))));
            } catch (IOException e) {
                listing.answers.failed(copy, e);
            }
        }
        try {
            listing.requireEnough();
        } catch (IOException e) {
            listing.close();
            throw e;
        }
        return StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(listing, Spliterator.ORDERED | Spliterator.NONNULL), false)
                .onClose(listing::close);
    }

    private void requireEnough() throws IOException {
        // what a copy lacks that is being filled says nothing
        List<Source> filled =
                sources.stream().filter(source -> source.copy.filled()).toList();
        if (filled.size() < needed) {
            sources.stream()
                    .filter(source -> !filled.contains(source))
                    .forEach(source -> answers.failed(source.copy, new IOException("it has not been filled yet")));
            throw answers.unclear(needed);
        }
    }

    /** The least name that any source has next; drops sources that fail. */
    private @Nullable ObjectInfo least() throws IOException {
        @Nullable ObjectInfo least = null;
        for (Source source : List.copyOf(sources)) {
            try {
                ObjectInfo head = source.head();
                if (head != null && (least == null || head.name().compareTo(least.name()) < 0)) {
                    least = head;
                }
            } catch (IOException e) {
                answers.failed(source.copy, e);
                sources.remove(source);
                source.objects.close();
                requireEnough();
            }
        }
        return least;
    }

    @Override
    public boolean hasNext() {
        try {
            return least() != null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public ObjectInfo next() {
        try {
            ObjectInfo least = least();
            if (least == null) {
                throw new NoSuchElementException("the listing of '" + prefix + "*' is over");
            }
            List<StoreCopy> having = new ArrayList<>();
            for (Source source : sources) {
                if (source.takes(least.name())) {
                    having.add(source.copy);
                }
            }
            if (having.size() < sources.size()) {
                seen.seen(least.name(), having);
            }
            return least;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        sources.forEach(source -> source.objects.close());
    }

    /** One copy's listing. */
    private static final class Source {
        private final StoreCopy copy;
        private final Stream<ObjectInfo> objects;
        private final Iterator<ObjectInfo> names;
        private @Nullable ObjectInfo head;

        Source(StoreCopy copy, Stream<ObjectInfo> objects) {
            this.copy = copy;
            this.objects = objects;
            this.names = objects.iterator();
        }

        @Nullable
        ObjectInfo head() throws IOException {
            if (head == null) {
                head = copy.ask(_ -> {
                            try {
                                return new Next(names.hasNext() ? names.next() : null);
                            } catch (UncheckedIOException e) {
                                IOException cause = e.getCause();
                                throw cause == null ? new IOException(e) : cause;
                            }
                        })
                        .info;
            }
            return head;
        }

        boolean takes(ObjectName name) {
            boolean same = head != null && head.name().equals(name);
            if (same) {
                head = null;
            }
            return same;
        }

        private record Next(@Nullable ObjectInfo info) {}
    }
}
