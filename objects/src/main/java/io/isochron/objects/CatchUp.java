package io.isochron.objects;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Places in each copy what it missed while it was away, in a thread of its own: the objects that were noted, or, if these were too many, all that another copy has. Bytes go over as they are; who
 * reads them checks them.
 */
final class CatchUp implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final int BATCH = 100;

    private final List<StoreCopy> copies;
    private final @Nullable ObjectName marker;
    private final CopyListener listener;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closed;

    CatchUp(List<StoreCopy> copies, @Nullable ObjectName marker, CopyListener listener) {
        this.marker = marker;
        this.copies = copies;
        this.listener = listener;
        for (StoreCopy copy : copies) {
            threads.add(Thread.ofVirtual().name("catch-up-" + copy.name()).start(() -> run(copy)));
        }
    }

    private void run(StoreCopy copy) {
        try {
            while (!closed) {
                Thread.sleep(PAUSE);
                if (copy.behind() && copy.worthAsking()) {
                    catchUp(copy);
                }
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private void catchUp(StoreCopy copy) {
        long placed = 0;
        copy.placing(true);
        try {
            if (copy.missedUnknown()) {
                copy.comparing();
                try {
                    placed += new CopySync(others(copy), copy, marker, () -> closed).run();
                } catch (IOException e) {
                    copy.notCompared();
                    throw e;
                }
            }
            while (!closed) {
                List<ObjectName> names = copy.takeMissed(BATCH);
                if (names.isEmpty()) {
                    break;
                }
                placed += placeAll(names, copy);
            }
            copy.placing(false);
            if (!closed && !copy.behind()) {
                listener.caughtUp(copy.name(), placed);
            }
        } catch (IOException e) {
            // the copy, or every other one, went away again; the listener knows, and what is missed stays noted
        } finally {
            copy.placing(false);
        }
    }

    private long placeAll(List<ObjectName> names, StoreCopy copy) throws IOException {
        int done = 0;
        try {
            for (ObjectName name : names) {
                if (closed) {
                    throw new IOException("the store was closed");
                }
                CopySync.place(name, others(copy), copy);
                done++;
            }
            return done;
        } finally {
            names.subList(done, names.size()).forEach(copy::missed);
        }
    }

    private List<StoreCopy> others(StoreCopy copy) {
        return copies.stream().filter(other -> other != copy).toList();
    }

    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            thread.interrupt();
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
