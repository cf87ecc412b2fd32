package io.isochron.workload;

/** Lets clients through between transactions, or holds them. */
final class Gate {
    private boolean shut;
    private boolean ended;
    private int inside;

    /** Waits while the gate is shut; false when the traffic is over. */
    synchronized boolean enter() throws InterruptedException {
        while (shut && !ended) {
            wait();
        }
        if (ended) {
            return false;
        }
        inside++;
        return true;
    }

    synchronized void leave() {
        inside--;
        notifyAll();
    }

    /** Shuts the gate and waits until nobody is inside. */
    synchronized void shut() throws InterruptedException {
        shut = true;
        while (inside > 0) {
            wait();
        }
    }

    synchronized void open() {
        shut = false;
        notifyAll();
    }

    /** Lets nobody in any more. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }
}
