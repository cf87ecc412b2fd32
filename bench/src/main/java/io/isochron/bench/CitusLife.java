package io.isochron.bench;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a Citus node keeps in shared memory from one start to the next: the counter of distributed transactions, which begins at 1, and those
 * that are in progress (Citus: src/backend/distributed/transaction/backend_data.c). Process ids begin at the same number in every life, as they
 * do in a container.
 */
final class CitusLife {
    private static final int FIRST_PID = 71;

    private final int group;
    private final AtomicLong nextNumber = new AtomicLong(1);
    private final AtomicInteger nextPid = new AtomicInteger(FIRST_PID);
    private final Set<Long> active = ConcurrentHashMap.newKeySet();
    private final CountDownLatch down = new CountDownLatch(1);
    private volatile boolean leaving;

    /** @param group the node's group, which is also the index of its shard */
    CitusLife(int group) {
        this.group = group;
    }

    int group() {
        return group;
    }

    int newPid() {
        return nextPid.getAndIncrement();
    }

    /** Begins a distributed transaction; it is in progress until {@link #end}. */
    long begin() {
        long number = nextNumber.getAndIncrement();
        active.add(number);
        return number;
    }

    /** After COMMIT PREPARED was tried everywhere, or the backend is gone. */
    void end(long number) {
        active.remove(number);
    }

    /** Those in progress now. */
    Set<Long> active() {
        return Set.copyOf(active);
    }

    /** Everything that runs stops where it is. */
    void crash() {
        down.countDown();
    }

    boolean crashed() {
        return down.getCount() == 0;
    }

    /** Clients end after what they are doing. */
    void leave() {
        leaving = true;
    }

    /** Whether clients begin nothing new. */
    boolean over() {
        return leaving || crashed();
    }

    /** Waits, at most until the crash, and says whether that came. */
    boolean crashesWithin(long millis) throws InterruptedException {
        return down.await(millis, TimeUnit.MILLISECONDS);
    }
}
