package io.isochron.objects;

import io.isochron.objects.StoreMetrics.Operation;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Counts what is asked of a store. Certain answers, such as that an object exists, are no failures. */
public final class MeteredStore extends ForwardingStore {
    private final ObjectStore store;
    private final StoreMetrics.Meter meter;
    private final Timing timing;

    public MeteredStore(ObjectStore store, Timing timing) {
        this(store, new StoreMetrics.Meter(), timing);
    }

    /** @param meter counts what is asked of others, too */
    MeteredStore(ObjectStore store, StoreMetrics.Meter meter, Timing timing) {
        super(store);
        this.store = store;
        this.meter = meter;
        this.timing = timing;
    }

    /** The figures as they are now. */
    public StoreMetrics metrics() {
        return meter.snapshot();
    }

    private interface Request<T> {
        T run() throws IOException;
    }

    private <T> T counted(Operation operation, Request<T> request) throws IOException {
        long began = timing.nanos();
        try {
            return request.run();
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            meter.failed(operation, e instanceof SlowDownException);
            throw e;
        } finally {
            meter.ended(operation, timing.nanos() - began);
        }
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        counted(Operation.CREATE, () -> {
            store.create(name, content);
            meter.bytes(Operation.CREATE, content.bytes());
            return true;
        });
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        counted(Operation.REPLACE, () -> {
            store.replace(name, content);
            meter.bytes(Operation.REPLACE, content.bytes());
            return true;
        });
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        counted(Operation.DELETE, () -> {
            store.delete(name);
            return true;
        });
    }

    @Override
    public Renewal renew(ObjectName name) throws IOException {
        return counted(Operation.RENEW, () -> store.renew(name));
    }

    @Override
    public Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        return counted(Operation.STAT, () -> store.lockedUntil(name));
    }

    @Override
    public <T> Optional<T> readOlder(ObjectName name, int limit, Check<T> check) throws IOException {
        return counted(Operation.OPEN, () -> store.readOlder(name, limit, check));
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        return counted(Operation.STAT, () -> store.stat(name));
    }

    /** As the store does it best, which may be in fewer steps than a stream. */
    @Override
    public byte[] readAll(ObjectName name, int limit) throws IOException {
        return counted(Operation.OPEN, () -> {
            byte[] bytes = store.readAll(name, limit);
            meter.bytes(Operation.OPEN, bytes.length);
            return bytes;
        });
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        InputStream in = counted(Operation.OPEN, () -> store.open(name, offset, length));
        return new FilterInputStream(in) {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 1 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] target, int from, int count) throws IOException {
                try {
                    int got = in.read(target, from, count);
                    meter.bytes(Operation.OPEN, Math.max(got, 0));
                    return got;
                } catch (IOException e) {
                    meter.failed(Operation.OPEN, false);
                    throw e;
                }
            }

            @Override
            public boolean markSupported() {
                return false;
            }
        };
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        return counted(Operation.LIST, () -> store.list(prefix, startAfter));
    }
}
