package io.isochron.objects;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Ends what takes too long: a request after {@code request}, a stream or listing that does not go on after {@code silence}. What ended so may still have its effect, also later. Work is done on
 * virtual threads, whose connections an interrupt closes; what cannot be interrupted, such as a read from a file system that hangs, keeps its thread until it ends by itself.
 */
public final class TimeLimitedStore extends ForwardingStore {
    private static final int CHUNK = 1 << 16;

    private final ObjectStore store;
    private final Duration request;
    private final Duration silence;

    /**
     * @param request limit of a request, up to where its answer begins; for writes, up to the acknowledgement
     * @param silence limit of waiting for the next bytes or names
     */
    public TimeLimitedStore(ObjectStore store, Duration request, Duration silence) {
        super(store);
        this.store = store;
        this.request = request;
        this.silence = silence;
    }

    private <T> T limited(Duration limit, String what, Callable<T> work) throws IOException {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread = Thread.ofVirtual().name("store-request").start(task);
        try {
            return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            thread.interrupt();
            throw new IOException(
                    what + " in " + describe() + " took longer than " + limit.toMillis() + " ms and was given up"
                            + "\nhint: the store or the network is slow; nothing is known about what it did",
                    e);
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException(what + " was interrupted");
            interrupted.initCause(e);
            throw interrupted;
        } catch (ExecutionException e) {
            throw rethrown(e.getCause());
        }
    }

    private static IOException rethrown(@Nullable Throwable cause) throws IOException {
        if (cause instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof IOException io ? io : new IOException(cause);
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        limited(request, "creating '" + name + "'", () -> {
            store.create(name, content);
            return true;
        });
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        limited(request, "replacing '" + name + "'", () -> {
            store.replace(name, content);
            return true;
        });
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        limited(request, "deleting '" + name + "'", () -> {
            store.delete(name);
            return true;
        });
    }

    @Override
    public Renewal renew(ObjectName name) throws IOException {
        return limited(request, "renewing the lock of '" + name + "'", () -> store.renew(name));
    }

    @Override
    public Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        return limited(request, "looking at the lock of '" + name + "'", () -> store.lockedUntil(name));
    }

    @Override
    public <T> Optional<T> readOlder(ObjectName name, int limit, Check<T> check) throws IOException {
        return limited(request, "reading older versions of '" + name + "'", () -> store.readOlder(name, limit, check));
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        return limited(request, "looking at '" + name + "'", () -> store.stat(name));
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        InputStream in = limited(request, "reading '" + name + "'", () -> store.open(name, offset, length));
        return new BufferedInputStream(new LimitedStream(in, name), CHUNK);
    }

    private final class LimitedStream extends InputStream {
        private final InputStream in;
        private final ObjectName name;

        LimitedStream(InputStream in, ObjectName name) {
            this.in = in;
            this.name = name;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 1 ? -1 : one[0] & 0xFF;
        }

        /** Into an array of its own, so that a read that was given up does not write into the reader's later. */
        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            byte[] chunk = new byte[Math.min(length, CHUNK)];
            int count = limited(silence, "the next bytes of '" + name + "'", () -> in.read(chunk));
            if (count > 0) {
                System.arraycopy(chunk, 0, target, offset, count);
            }
            return count;
        }

        @Override
        public void close() throws IOException {
            limited(silence, "closing '" + name + "'", () -> {
                in.close();
                return true;
            });
        }
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        Stream<ObjectInfo> listed = limited(request, "listing '" + prefix + "'", () -> store.list(prefix, startAfter));
        Iterator<ObjectInfo> inner = listed.iterator();
        Iterator<ObjectInfo> names = new Iterator<>() {
            @Override
            public boolean hasNext() {
                try {
                    return limited(silence, "the next names of '" + prefix + "'", inner::hasNext);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            @Override
            public ObjectInfo next() {
                return inner.next();
            }
        };
        return StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(names, Spliterator.ORDERED | Spliterator.NONNULL), false)
                .onClose(listed::close);
    }
}
