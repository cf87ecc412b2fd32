package io.isochron.objects;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tries again what ended without it being told whether it had its effect. What is certain ({@link StoreException}) and what only a person can change ({@link StoreRefusedException}) is passed on
 * at once. Reads go on at the offset they reached, listings after the last name they gave.
 *
 * <p>A {@code create} that ended unclear may have created. If the name turns out to be taken, the bytes there are compared with those that were to be created: equal bytes are our own, whose
 * acknowledgement was lost. Sealed objects of two writers are never equal, since each seal draws a nonce; writers of bytes that can be equal may both be told that they created.
 */
public final class RetryingStore extends ForwardingStore {
    private final ObjectStore store;
    private final RetryPolicy policy;
    private final Timing timing;
    private final RandomGenerator random;
    private final Runnable repeated;

    public RetryingStore(ObjectStore store, RetryPolicy policy, Timing timing, RandomGenerator random) {
        this(store, policy, timing, random, () -> {});
    }

    /** @param repeated is told of every repetition, before it */
    RetryingStore(ObjectStore store, RetryPolicy policy, Timing timing, RandomGenerator random, Runnable repeated) {
        super(store);
        this.store = store;
        this.policy = policy;
        this.timing = timing;
        this.random = random;
        this.repeated = repeated;
    }

    private interface Attempt<T> {
        /** @param unclear whether an earlier attempt may have had its effect */
        T run(boolean unclear) throws IOException;
    }

    private <T> T persist(Attempt<T> attempt) throws IOException {
        Patience patience = new Patience();
        boolean unclear = false;
        while (true) {
            try {
                return attempt.run(unclear);
            } catch (IOException e) {
                patience.afterwards(e);
                // also after "slow down", which something between us and the store may have said
                unclear = true;
            }
        }
    }

    /** How long a row of failures is borne. */
    final class Patience {
        private final long began = timing.nanos();
        private int failures;

        /** Waits before the next attempt; throws what failed if there is none. */
        void afterwards(IOException failure) throws IOException {
            if (!mayHelp(failure) || Thread.currentThread().isInterrupted()) {
                throw failure;
            }
            failures++;
            long bound = policy.bound(failures).toNanos();
            long pause = bound <= 0 ? 0 : random.nextLong(bound + 1);
            if (failure instanceof SlowDownException slow) {
                pause = Math.max(pause, slow.retryAfter().toNanos());
            }
            if (timing.nanos() - began + pause > policy.limit().toNanos()) {
                throw failure;
            }
            try {
                timing.sleep(Duration.ofNanos(pause));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failure.addSuppressed(e);
                throw failure;
            }
            repeated.run();
        }
    }

    private static boolean mayHelp(IOException failure) {
        return !(failure instanceof StoreException)
                && !(failure instanceof StoreRefusedException)
                && !(failure instanceof InterruptedIOException
                        && Thread.currentThread().isInterrupted());
    }

    Patience patience() {
        return new Patience();
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        Content whole = whole(content);
        persist(unclear -> {
            if (unclear && store.stat(name).isPresent()) {
                // not sent again in vain
                requireOurs(name, whole, new ObjectExistsException(name, describe()));
                return true;
            }
            try {
                store.create(name, whole);
            } catch (ObjectExistsException e) {
                if (!unclear) {
                    throw e;
                }
                requireOurs(name, whole, e);
            } catch (StoreException e) {
                if (!unclear) {
                    throw e;
                }
                // it says that this attempt created nothing, and an earlier one may have
                throw new StoreRefusedException(
                        "it cannot be told whether object " + name + " was created: " + e.getMessage(), e);
            }
            return true;
        });
    }

    /** All bytes are there before the first attempt: a content that fails is not the store's failure, and no repetition helps. */
    private static Content whole(Content content) throws IOException {
        return Content.of(content.inMemory());
    }

    private void requireOurs(ObjectName name, Content content, ObjectExistsException otherwise) throws IOException {
        ByteBuffer ours = content.inMemory();
        byte[] there;
        try (InputStream in = store.open(name, 0, ours.remaining() + 1L)) {
            there = in.readAllBytes();
        }
        if (!ours.equals(ByteBuffer.wrap(there))) {
            throw otherwise;
        }
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        Content whole = whole(content);
        persist(unclear -> {
            store.replace(name, whole);
            return true;
        });
    }

    /** That an object is missing which an unclear attempt may have removed is success. */
    @Override
    public void delete(ObjectName name) throws IOException {
        persist(unclear -> {
            try {
                store.delete(name);
            } catch (ObjectNotFoundException e) {
                if (!unclear) {
                    throw e;
                }
            }
            return true;
        });
    }

    @Override
    public Renewal renew(ObjectName name) throws IOException {
        return persist(unclear -> store.renew(name));
    }

    @Override
    public Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        return persist(unclear -> store.lockedUntil(name));
    }

    @Override
    public <T> Optional<T> readOlder(ObjectName name, int limit, Check<T> check) throws IOException {
        return persist(unclear -> store.readOlder(name, limit, check));
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        return persist(unclear -> store.stat(name));
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        InputStream first = persist(unclear -> store.open(name, offset, length));
        return new ResumedStream(this, store, name, offset, length, first);
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        Stream<ObjectInfo> first = persist(unclear -> store.list(prefix, startAfter));
        return ResumedListing.of(this, store, prefix, startAfter, first);
    }
}
