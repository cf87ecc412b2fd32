package io.isochron.upkeep;

import io.isochron.objects.Content;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Lists a few names at a time, as a bucket does: what happens to later names in the meantime is seen, what happens to earlier ones is not. */
record PagedStore(ObjectStore store, int page) implements ObjectStore {
    @Override
    public void create(ObjectName name, Content content) throws IOException {
        store.create(name, content);
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        return store.open(name, offset, length);
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        return store.stat(name);
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, ObjectName startAfter) {
        Iterator<ObjectInfo> names = new Iterator<>() {
            private final Deque<ObjectInfo> read = new ArrayDeque<>();
            private ObjectName last = startAfter;
            private boolean over;

            @Override
            public boolean hasNext() {
                if (read.isEmpty() && !over) {
                    try (Stream<ObjectInfo> next = store.list(prefix, last)) {
                        next.limit(page).forEach(read::add);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    over = read.size() < page;
                    last = read.isEmpty() ? last : read.getLast().name();
                }
                return !read.isEmpty();
            }

            @Override
            public ObjectInfo next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                return read.remove();
            }
        };
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(names, 0), false);
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        store.delete(name);
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        store.replace(name, content);
    }

    @Override
    public String describe() {
        return store.describe();
    }
}
