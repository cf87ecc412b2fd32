package io.isochron.objects;

import java.time.Duration;

/** Objects on their way to further copies, behind the call that created them: bounded by their bytes. */
final class TrailingWork {
    private final long bytesMax;
    private long bytes;
    private int objects;

    TrailingWork(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /**
     * False if there is too much already. One object always goes, however long.
     *
     * @param waitedFor somebody waits for this one, so it goes in any case
     */
    synchronized boolean begin(long length, boolean waitedFor) {
        if (!waitedFor && objects > 0 && bytes + length > bytesMax) {
            return false;
        }
        bytes += length;
        objects++;
        return true;
    }

    synchronized void end(long length) {
        bytes -= length;
        objects--;
        notifyAll();
    }

    /** Waits until nothing is under way; false if it takes longer. */
    synchronized boolean await(Duration limit) throws InterruptedException {
        long until = System.nanoTime() + limit.toNanos();
        while (objects > 0) {
            long left = (until - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }
}
