package io.isochron.objects;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many requests all users of a store in this process may send together: at once, and in a second. Both begin at their bounds, are halved when the store says that it is too much (at most once
 * in {@link #CALM}, since one overload is said to many), and grow by a fixed step with each request that went well. Requests are let through in the order of their arrival.
 */
public final class RequestBudget {
    /** How long the answers to what was sent before a halving may keep coming in. */
    static final Duration CALM = Duration.ofSeconds(1);

    /** From the least to the bound it takes this many requests that go well. */
    private static final double STEPS = 200;

    private final int mostAtOnce;
    private final double mostRate;
    private final Duration patience;
    private final Timing timing;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Long> waiting = new ArrayDeque<>();
    private double atOnce;
    private double rate;
    private int inFlight;
    private long tickets;
    private long nextAt;
    private long slowDowns;
    private long halvedAt;
    private boolean everHalved;

    /**
     * The state at a moment.
     *
     * @param atOnce requests that may be under way at once
     * @param rate requests that may begin in a second
     * @param inFlight requests under way
     * @param waiting requests that wait
     * @param slowDowns how often the store said that it is too much
     */
    public record State(int atOnce, double rate, int inFlight, int waiting, long slowDowns) {}

    /**
     * @param mostAtOnce bound of requests at once, 1 or more
     * @param mostRate bound of requests in a second, 1 or more
     * @param patience a request that would wait for longer fails
     */
    public RequestBudget(int mostAtOnce, int mostRate, Duration patience, Timing timing) {
        if (mostAtOnce < 1 || mostRate < 1 || !patience.isPositive()) {
            throw new IllegalArgumentException("a budget of " + mostAtOnce + " requests at once, " + mostRate
                    + " in a second and a patience of " + patience + " lets nothing through");
        }
        this.mostAtOnce = mostAtOnce;
        this.mostRate = mostRate;
        this.patience = patience;
        this.timing = timing;
        this.atOnce = mostAtOnce;
        this.rate = mostRate;
        this.nextAt = timing.nanos();
    }

    /**
     * Waits for its turn; {@link #done} or {@link #slowDown} must follow.
     *
     * @throws IOException if it would take too long; nothing was sent
     */
    void begin() throws IOException {
        long pause;
        lock.lock();
        try {
            Long me = tickets++;
            waiting.addLast(me);
            try {
                awaitTurn(me);
                pause = reserve();
            } finally {
                waiting.remove(me);
                changed.signalAll();
            }
            inFlight++;
        } catch (InterruptedException e) {
            throw interrupted(e);
        } finally {
            lock.unlock();
        }
        if (pause > 0) {
            try {
                timing.sleep(Duration.ofNanos(pause));
            } catch (InterruptedException e) {
                abandon();
                throw interrupted(e);
            }
        }
    }

    private void awaitTurn(Long me) throws IOException, InterruptedException {
        long left = patience.toNanos();
        while (!me.equals(waiting.peekFirst()) || inFlight >= Math.max(1, (int) atOnce)) {
            if (left <= 0) {
                throw tooLong();
            }
            left = changed.awaitNanos(left);
        }
    }

    /** Nanoseconds until the request may begin. */
    private long reserve() throws IOException {
        long now = timing.nanos();
        long at = Math.max(now, nextAt);
        if (at - now > patience.toNanos()) {
            throw tooLong();
        }
        nextAt = at + (long) (TimeUnit.SECONDS.toNanos(1) / rate);
        return at - now;
    }

    private IOException tooLong() {
        return new IOException("a request waited longer than " + patience.toSeconds() + " s for its turn: " + inFlight
                + " of " + (int) atOnce + " under way, " + waiting.size()
                + " waiting\nhint: the store takes fewer requests than are needed");
    }

    private static IOException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        InterruptedIOException interrupted = new InterruptedIOException("interrupted while waiting to send a request");
        interrupted.initCause(e);
        return interrupted;
    }

    /** The request ended, well or not, without the store saying that it is too much. */
    void done(boolean well) {
        lock.lock();
        try {
            inFlight--;
            if (well) {
                atOnce = Math.min(mostAtOnce, atOnce + mostAtOnce / STEPS);
                rate = Math.min(mostRate, rate + mostRate / STEPS);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void abandon() {
        done(false);
    }

    /** The store said that it is too much. Nothing begins before the time that it wants to be left alone for is over. */
    void slowDown(Duration retryAfter) {
        lock.lock();
        try {
            inFlight--;
            slowDowns++;
            long now = timing.nanos();
            if (!everHalved || now - halvedAt >= CALM.toNanos()) {
                everHalved = true;
                halvedAt = now;
                atOnce = Math.max(1, atOnce / 2);
                rate = Math.max(1, rate / 2);
            }
            nextAt = Math.max(nextAt, now + retryAfter.toNanos());
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    public State state() {
        lock.lock();
        try {
            return new State(Math.max(1, (int) atOnce), rate, inFlight, waiting.size(), slowDowns);
        } finally {
            lock.unlock();
        }
    }
}
