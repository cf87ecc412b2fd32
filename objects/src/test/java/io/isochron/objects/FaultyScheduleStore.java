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
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
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
        /** One of the objects created last is missing from a list. */
        STALE_LIST,
        /** Time passes. */
        SLOW,
        /** Nothing is answered for up to a minute. */
        OUTAGE,
        /** The process dies before the object is published. */
        CRASH_BEFORE,
        /** The process dies after the object was published. */
        CRASH_AFTER
    }

    private static final Pattern SNAPSHOT = Pattern.compile("[0-9a-f]{32}");

    /** The end of the process, which no decorator may survive. */
    public static final class Crash extends Error {
        private static final long serialVersionUID = 1L;
    }

    /** What was created in a place lately, whoever created it. */
    public static final class Recent {
        private static final int REMEMBERED = 8;

        private final Deque<ObjectName> names = new ArrayDeque<>();

        /** Something was created, now or as if it had been. */
        public synchronized void created(ObjectName name) {
            names.addFirst(name);
            if (names.size() > REMEMBERED) {
                names.removeLast();
            }
        }

        /** The newest one mostly; null if there is none. */
        synchronized @Nullable ObjectName one(Random random) {
            return names.stream()
                    .skip(names.isEmpty() || random.nextBoolean() ? 0 : random.nextInt(names.size()))
                    .findFirst()
                    .orElse(null);
        }
    }

    private final ObjectStore store;
    private final long seed;
    private final Map<Fault, Double> chances;
    private final Timing timing;
    private final Recent recent;
    private final Map<Fault, Integer> happened = new EnumMap<>(Fault.class);
    private final Map<String, Integer> requests = new HashMap<>();
    private volatile long outageUntil = Long.MIN_VALUE;

    /** @param chances how likely each fault is where it can happen, 0 to 1 */
    public FaultyScheduleStore(ObjectStore store, long seed, Map<Fault, Double> chances, Timing timing) {
        this(store, seed, chances, timing, new Recent());
    }

    /** @param recent shared by all who use the same place */
    public FaultyScheduleStore(ObjectStore store, long seed, Map<Fault, Double> chances, Timing timing, Recent recent) {
        super(store);
        this.store = store;
        this.seed = seed;
        this.chances = chances;
        this.timing = timing;
        this.recent = recent;
    }

    /** How often each fault happened. */
    public synchronized Map<Fault, Integer> happened() {
        return new EnumMap<>(happened);
    }

    /** How often one did. */
    public synchronized int happened(Fault fault) {
        return happened.getOrDefault(fault, 0);
    }

    /** Draws for one request: they follow from the seed, what is asked and how often it was asked before, whichever thread comes first. */
    private synchronized Random draws(String operation, String name) {
        // ids of snapshots are random
        String request = operation + SNAPSHOT.matcher(name).replaceAll("");
        int before = requests.merge(request, 1, Integer::sum);
        return new Random((seed * 31 + request.hashCode()) * 1_000_003 + before);
    }

    private boolean happens(Fault fault, Random random) {
        if (random.nextDouble() >= chances.getOrDefault(fault, 0.0)) {
            return false;
        }
        happened(fault, 1);
        return true;
    }

    private synchronized void happened(Fault fault, int times) {
        happened.merge(fault, times, Integer::sum);
    }

    private void before(Random random) throws IOException {
        if (happens(Fault.SLOW, random)) {
            try {
                timing.sleep(Duration.ofSeconds(random.nextInt(5)));
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        if (happens(Fault.OUTAGE, random)) {
            outageUntil =
                    timing.nanos() + Duration.ofSeconds(1 + random.nextInt(60)).toNanos();
        }
        if (timing.nanos() < outageUntil) {
            throw new IOException("no answer");
        }
        if (happens(Fault.SLOW_DOWN, random)) {
            throw new SlowDownException("503", Duration.ofSeconds(random.nextInt(3)), new IOException());
        }
        if (happens(Fault.CONFLICT, random)) {
            throw new IOException("409");
        }
    }

    private interface Write {
        void run() throws IOException;
    }

    private void write(String operation, ObjectName name, Write write) throws IOException {
        Random random = draws(operation, name.value());
        before(random);
        if (happens(Fault.CRASH_BEFORE, random)) {
            throw new Crash();
        }
        try {
            write.run();
        } catch (StoreException e) {
            if (happens(Fault.LOST_ANSWER, random)) {
                throw new IOException("connection reset instead of: " + e.getMessage());
            }
            throw e;
        }
        if (happens(Fault.CRASH_AFTER, random)) {
            throw new Crash();
        }
        if (happens(Fault.LOST_ACKNOWLEDGEMENT, random)) {
            throw random.nextBoolean()
                    ? new IOException("connection reset")
                    : new SlowDownException("503 from a proxy", Duration.ZERO, new IOException());
        }
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        write("create ", name, () -> {
            store.create(name, content);
            recent.created(name);
        });
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        write("replace ", name, () -> store.replace(name, content));
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        write("delete ", name, () -> store.delete(name));
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        before(draws("stat ", name.value()));
        return store.stat(name);
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        Random random = draws("open ", name.value());
        before(random);
        InputStream in = store.open(name, offset, length);
        boolean flips = happens(Fault.FLIPPED_BIT, random);
        long breaksAt = happens(Fault.TRUNCATED_READ, random) ? random.nextInt(200) : Long.MAX_VALUE;
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
        Random random = draws("list ", prefix);
        before(random);
        boolean stale = random.nextDouble() < chances.getOrDefault(Fault.STALE_LIST, 0.0);
        @Nullable ObjectName missing = stale ? recent.one(random) : null;
        int breaksAt = happens(Fault.TRUNCATED_READ, random) ? random.nextInt(10) : Integer.MAX_VALUE;
        int[] given = {0};
        return store.list(prefix, startAfter)
                .filter(info -> {
                    boolean there = !info.name().equals(missing);
                    if (!there) {
                        happened(Fault.STALE_LIST, 1);
                    }
                    return there;
                })
                .peek(info -> {
                    if (given[0]++ >= breaksAt) {
                        throw new UncheckedIOException(new IOException("connection reset in the middle of a page"));
                    }
                });
    }
}
