package io.isochron.capture;

import io.isochron.objects.Content;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A store that can be taken away. The first create afterwards has its effect, but says that it failed; the others fail. */
final class AwayStore implements ObjectStore {
    private final ObjectStore store;
    private final AtomicInteger silent = new AtomicInteger();
    private volatile boolean away;

    AwayStore(ObjectStore store) {
        this.store = store;
    }

    void away(boolean now) {
        silent.set(0);
        away = now;
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        if (away && silent.getAndIncrement() > 0) {
            throw new IOException("the store is away");
        }
        store.create(name, content);
        if (away) {
            // one that was under way is the first: a second would find its own bytes there, and succeed
            silent.incrementAndGet();
            throw new IOException("the store is away, and does not say that it has written");
        }
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
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        return store.list(prefix, startAfter);
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        store.delete(name);
    }

    @Override
    public String describe() {
        return store.describe();
    }
}
