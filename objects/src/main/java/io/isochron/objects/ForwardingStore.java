package io.isochron.objects;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Passes every call on to another store: what a decorator does not change it inherits. What the contract derives from other methods is derived here again, so that a decorator sees each of its parts. */
public abstract class ForwardingStore implements ObjectStore {
    private final ObjectStore store;

    protected ForwardingStore(ObjectStore store) {
        this.store = store;
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        store.create(name, content);
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        store.replace(name, content);
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
    public Renewal renew(ObjectName name) throws IOException {
        return store.renew(name);
    }

    @Override
    public Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        return store.lockedUntil(name);
    }

    @Override
    public <T> Optional<T> readOlder(ObjectName name, int limit, Check<T> check) throws IOException {
        return store.readOlder(name, limit, check);
    }

    @Override
    public void findTampered(String prefix, Consumer<TamperedObject> found) throws IOException {
        store.findTampered(prefix, found);
    }

    @Override
    public String describe() {
        return store.describe();
    }

    @Override
    public void close() throws IOException {
        store.close();
    }
}
