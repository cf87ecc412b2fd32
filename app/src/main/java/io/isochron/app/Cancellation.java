package io.isochron.app;

import io.isochron.instance.ExitGuard;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and SIGTERM: tells the work to end, waits until it has, and ends the process with the work's own exit code. (A JVM that
 * is left alone would end with 130 or 143, which scripts cannot tell from a crash.)
 */
final class Cancellation {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final List<Runnable> handlers = new CopyOnWriteArrayList<>();
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean requested;
    private volatile int status = ExitCode.CANCELLED.number();

    /** Begins to listen; the calling thread is interrupted when the user cancels. */
    static Cancellation install(PrintStream err) {
        Cancellation cancellation = new Cancellation();
        Thread worker = Thread.currentThread();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> cancellation.shutdown(worker, err), "isochron-cancellation"));
        return cancellation;
    }

    /** What is to be done, besides the interrupt, when the user cancels. Must be quick. */
    void onRequest(Runnable handler) {
        handlers.add(handler);
        if (requested) {
            handler.run();
        }
    }

    /** Asks the work to end. */
    void request() {
        requested = true;
        handlers.forEach(Runnable::run);
    }

    /** Whether the user asked to end. */
    boolean requested() {
        return requested;
    }

    /** The work has ended, by itself or because it was asked to. */
    void finished(int exitStatus) {
        status = exitStatus;
        finished.countDown();
    }

    private void shutdown(Thread worker, PrintStream err) {
        if (finished.getCount() == 0) {
            return;
        }
        err.println("\nstopping; what is under way is brought to a safe end");
        request();
        worker.interrupt();
        boolean ended = false;
        try {
            ended = finished.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        ExitGuard.closeAll();
        Runtime.getRuntime().halt(ended ? status : ExitCode.CANCELLED.number());
    }
}
