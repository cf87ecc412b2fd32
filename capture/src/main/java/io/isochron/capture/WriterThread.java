package io.isochron.capture;

import io.isochron.wal.WalDamagedException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Runs an {@link ArchiveWriter} beside the receiver and keeps what it failed with. */
final class WriterThread {
    private final Thread thread;
    private volatile @Nullable Throwable failure;

    WriterThread(String shard, ArchiveWriter writer) {
        thread = Thread.ofPlatform().name("isochron-writer-" + shard).daemon().unstarted(() -> {
            try {
                writer.run();
            } catch (IOException | WalDamagedException | InterruptedException | RuntimeException | Error e) {
                failure = e;
            }
        });
        thread.start();
    }

    boolean failed() {
        return failure != null;
    }

    /** Waits until the writer has made everything durable. */
    void await() throws IOException, WalDamagedException, InterruptedException {
        thread.join();
        switch (failure) {
            case null -> {}
            case IOException e -> throw e;
            case WalDamagedException e -> throw e;
            case InterruptedException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException("the writer failed: " + e, e);
        }
    }

    /** Ends the writer where it is, if it still runs. */
    void end() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }
}
