package io.isochron.objects;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** A listing; where it fails on the way the rest is listed again after the last name that was given. */
final class ResumedListing implements Iterator<ObjectInfo>, AutoCloseable {
    private final RetryingStore retrying;
    private final ObjectStore store;
    private final String prefix;
    private @Nullable ObjectName last;
    private @Nullable Stream<ObjectInfo> stream;
    private @Nullable Iterator<ObjectInfo> iterator;

    private ResumedListing(
            RetryingStore retrying,
            ObjectStore store,
            String prefix,
            @Nullable ObjectName startAfter,
            Stream<ObjectInfo> first) {
        this.retrying = retrying;
        this.store = store;
        this.prefix = prefix;
        this.last = startAfter;
        this.stream = first;
    }

    static Stream<ObjectInfo> of(
            RetryingStore retrying,
            ObjectStore store,
            String prefix,
            @Nullable ObjectName startAfter,
            Stream<ObjectInfo> first) {
        ResumedListing listing = new ResumedListing(retrying, store, prefix, startAfter, first);
        return StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(listing, Spliterator.ORDERED | Spliterator.NONNULL), false)
                .onClose(listing::close);
    }

    @Override
    public boolean hasNext() {
        RetryingStore.@Nullable Patience patience = null;
        while (true) {
            IOException failure;
            try {
                return iterator().hasNext();
            } catch (UncheckedIOException e) {
                failure = new IOException(e.getMessage(), e);
                if (e.getCause() != null) {
                    failure = e.getCause();
                }
            } catch (IOException e) {
                failure = e;
            }
            close();
            if (patience == null) {
                patience = retrying.patience();
            }
            try {
                patience.afterwards(failure);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private Iterator<ObjectInfo> iterator() throws IOException {
        Iterator<ObjectInfo> known = iterator;
        if (known == null) {
            Stream<ObjectInfo> open = stream;
            if (open == null) {
                open = store.list(prefix, last);
                stream = open;
            }
            known = open.iterator();
            iterator = known;
        }
        return known;
    }

    @Override
    public ObjectInfo next() {
        boolean more = hasNext();
        Iterator<ObjectInfo> known = iterator;
        if (!more || known == null) {
            throw new NoSuchElementException();
        }
        ObjectInfo info = known.next();
        last = info.name();
        return info;
    }

    @Override
    public void close() {
        Stream<ObjectInfo> open = stream;
        stream = null;
        iterator = null;
        if (open != null) {
            open.close();
        }
    }
}
