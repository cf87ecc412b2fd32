package io.isochron.objects;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A store over another one that goes wrong by a seeded schedule, in the ways real ones do. What it does never breaks the contract of {@link ObjectStore}, except {@link Fault#FLIPPED_BIT}, which
 * readers must find out themselves, and {@link Fault#STALE_LIST}, which stores we cannot use show.
 */
public final class FaultyScheduleStore extends ForwardingStore {
    /** What can go wrong. */
    public enum Fault {
        /** The write was durable and its acknowledgement is lost. */
        LOST_ACKNOWLEDGEMENT,
        /** 409: nothing was written, and that is not said. */
        CONFLICT,
        /** 412 to a create that was done before by the same caller is what comes of a lost acknowledgement; here the answer to it is lost too. */
        LOST_ANSWER,
        /** 503. */
        SLOW_DOWN,
        /** A connection breaks after some bytes. */
        TRUNCATED_READ,
        /** A bit of the bytes that are read is another. */
        FLIPPED_BIT,
        /** The object created last is missing from a list. */
        STALE_LIST,
        /** Time passes. */
        SLOW,
        /** The process dies before the object is published. */
        CRASH_BEFORE,
        /** The process dies after the object was published. */
        CRASH_AFTER
    }

    /** The end of the process, which no decorator may survive. */
    public static final class Crash extends Error {
        private static final long serialVersionUID = 1L;
    }

    private final ObjectStore store;
    private final Random random;
    private final Map<Fault, Double> chances;
    private final Timing timing;
    private final Deque<ObjectName> recent = new ArrayDeque<>();
    private final Map<Fault, Integer> happened = new EnumMap<>(Fault.class);

    /** @param chances how likely each fault is where it can happen, 0 to 1 */
    public FaultyScheduleStore(ObjectStore store, long seed, Map<Fault, Double> chances, Timing timing) {
        super(store);
        this.store = store;
        this.random = new Random(seed);
        this.chances = chances;
        this.timing = timing;
    }

    /** How often each fault happened. */
    public Map<Fault, Integer> happened() {
        return happened;
    }

    private boolean happens(Fault fault) {
        if (random.nextDouble() >= chances.getOrDefault(fault, 0.0)) {
            return false;
        }
        happened.merge(fault, 1, Integer::sum);
        return true;
    }

    private void before() throws IOException {
        if (happens(Fault.SLOW)) {
            try {
                timing.sleep(Duration.ofSeconds(random.nextInt(5)));
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        if (happens(Fault.SLOW_DOWN)) {
            throw new SlowDownException("503", Duration.ofSeconds(random.nextInt(3)), new IOException());
        }
        if (happens(Fault.CONFLICT)) {
            throw new IOException("409");
        }
    }

    private interface Write {
        void run() throws IOException;
    }

    private void write(Write write) throws IOException {
        before();
        if (happens(Fault.CRASH_BEFORE)) {
            throw new Crash();
        }
        try {
            write.run();
        } catch (StoreException e) {
            if (happens(Fault.LOST_ANSWER)) {
                throw new IOException("connection reset instead of: " + e.getMessage());
            }
            throw e;
        }
        if (happens(Fault.CRASH_AFTER)) {
            throw new Crash();
        }
        if (happens(Fault.LOST_ACKNOWLEDGEMENT)) {
            throw random.nextBoolean()
                    ? new IOException("connection reset")
                    : new SlowDownException("503 from a proxy", Duration.ZERO, new IOException());
        }
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        write(() -> {
            store.create(name, content);
            recent.addLast(name);
        });
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        write(() -> store.replace(name, content));
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        write(() -> store.delete(name));
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        before();
        return store.stat(name);
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        before();
        InputStream in = store.open(name, offset, length);
        boolean flips = happens(Fault.FLIPPED_BIT);
        long breaksAt = happens(Fault.TRUNCATED_READ) ? random.nextInt(200) : Long.MAX_VALUE;
        return new FilterInputStream(in) {
            private long got;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 1 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] target, int from, int count) throws IOException {
                if (got >= breaksAt) {
                    throw new EOFException("connection ended after " + got);
                }
                int read = in.read(target, from, (int) Math.min(count, breaksAt - got));
                if (read > 0) {
                    if (flips && got == 0) {
                        target[from + random.nextInt(read)] ^= (byte) (1 << random.nextInt(8));
                    }
                    got += read;
                }
                return read;
            }
        };
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        before();
        @Nullable ObjectName missing = happens(Fault.STALE_LIST) ? recent.peekLast() : null;
        int breaksAt = happens(Fault.TRUNCATED_READ) ? random.nextInt(10) : Integer.MAX_VALUE;
        int[] given = {0};
        return store.list(prefix, startAfter)
                .filter(info -> !info.name().equals(missing))
                .peek(info -> {
                    if (given[0]++ >= breaksAt) {
                        throw new UncheckedIOException(new IOException("connection reset in the middle of a page"));
                    }
                });
    }
}
