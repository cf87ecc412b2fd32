package io.isochron.objects;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests as a shared budget lets them. A stream or listing counts until it is open and not until it is closed, so that one who reads several at once cannot be kept waiting by itself;
 * further pages of a listing do not count.
 */
public final class ThrottledStore extends ForwardingStore {
    private final ObjectStore store;
    private final RequestBudget budget;

    public ThrottledStore(ObjectStore store, RequestBudget budget) {
        super(store);
        this.store = store;
        this.budget = budget;
    }

    private interface Request<T> {
        T run() throws IOException;
    }

    private <T> T within(Request<T> request) throws IOException {
        budget.begin();
        boolean well = false;
        try {
            T result = request.run();
            well = true;
            return result;
        } catch (SlowDownException e) {
            budget.slowDown(e.retryAfter());
            throw e;
        } catch (StoreException e) {
            // an answer like any other
            budget.done(true);
            throw e;
        } catch (IOException | RuntimeException | Error e) {
            budget.done(false);
            throw e;
        } finally {
            if (well) {
                budget.done(true);
            }
        }
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        within(() -> {
            store.create(name, content);
            return true;
        });
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        within(() -> {
            store.replace(name, content);
            return true;
        });
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        within(() -> {
            store.delete(name);
            return true;
        });
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        return within(() -> store.open(name, offset, length));
    }

    @Override
    public Renewal renew(ObjectName name) throws IOException {
        return within(() -> store.renew(name));
    }

    @Override
    public Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        return within(() -> store.lockedUntil(name));
    }

    @Override
    public <T> Optional<T> readOlder(ObjectName name, int limit, Check<T> check) throws IOException {
        return within(() -> store.readOlder(name, limit, check));
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        return within(() -> store.stat(name));
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        return within(() -> store.list(prefix, startAfter));
    }
}
