package io.isochron.objects;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A store that is opened when it is first used, and tried again when that failed. One of several copies that cannot be opened is away; it is neither empty nor a reason not to begin. */
public final class LazyStore implements ObjectStore {
    /** Opens a store. */
    @FunctionalInterface
    public interface Opener {
        ObjectStore open() throws IOException;
    }

    private final String description;
    private final Opener opener;
    private @Nullable ObjectStore open;

    /** @param description as {@link #describe} gives it, open or not */
    public LazyStore(String description, Opener opener) {
        this.description = description;
        this.opener = opener;
    }

    private synchronized ObjectStore store() throws IOException {
        ObjectStore known = open;
        if (known == null) {
            try {
                known = opener.open();
            } catch (NotARepositoryException e) {
                throw new IOException("no store is in " + description + ": is it mounted?", e);
            }
            open = known;
        }
        return known;
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        store().create(name, content);
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        store().replace(name, content);
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        return store().open(name, offset, length);
    }

    @Override
    public byte[] readAll(ObjectName name, int limit) throws IOException {
        return store().readAll(name, limit);
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        return store().stat(name);
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        return store().list(prefix, startAfter);
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        store().delete(name);
    }

    @Override
    public Renewal renew(ObjectName name) throws IOException {
        return store().renew(name);
    }

    @Override
    public Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        return store().lockedUntil(name);
    }

    @Override
    public <T> Optional<T> readOlder(ObjectName name, int limit, Check<T> check) throws IOException {
        return store().readOlder(name, limit, check);
    }

    @Override
    public void findTampered(String prefix, Consumer<TamperedObject> found) throws IOException {
        store().findTampered(prefix, found);
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public synchronized void close() throws IOException {
        ObjectStore known = open;
        if (known != null) {
            known.close();
        }
    }
}
