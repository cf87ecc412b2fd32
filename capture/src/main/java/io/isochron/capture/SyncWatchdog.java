package io.isochron.capture;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What is left of Isochron when a synchronous capture was killed: runs in a process of its own, and once capture has ended switches every shard whose commits wait in vain to asynchronous commits. A
 * capture that comes back within the patience is left in peace.
 */
public final class SyncWatchdog {
    private static final Duration LOOK = Duration.ofMillis(500);
    /** A server that cannot be asked for so long is left alone. */
    private static final Duration UNREACHABLE_MAX = Duration.ofMinutes(10);

    private final List<ShardSource> sources;
    private final CaptureOptions.Synchronous mode;
    private final Consumer<String> tell;

    /** @param tell takes each line for people */
    public SyncWatchdog(List<ShardSource> sources, CaptureOptions.Synchronous mode, Consumer<String> tell) {
        this.sources = List.copyOf(sources);
        this.mode = mode;
        this.tell = tell;
    }

    /** Capture has ended: sees to it that no shard waits for it beyond the patience. Returns when each shard is captured again, was freed, or could not be freed. An interrupt does not end it. */
    public void captureHasEnded() {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Runnable> works = new ArrayList<>();
            for (ShardSource source : sources) {
                works.add(() -> watch(source));
            }
            works.forEach(threads::execute);
        }
    }

    private void watch(ShardSource source) {
        long began = System.nanoTime();
        Path folder = mode.spool().resolve(source.name());
        String done = "shard " + source.name()
                + " was switched to asynchronous commits: capture has ended, and its commits waited for it; ";
        while (true) {
            try (Connection connection = SyncGuard.open(source)) {
                SyncState state = SyncState.of(connection);
                if (!state.waitsForUs()) {
                    return;
                }
                // one look ahead of time: the database must not wait for longer than the patience
                if (System.nanoTime() - began + LOOK.toNanos()
                        >= mode.patience().toNanos()) {
                    // not before: at first the server may still list the receiver of the capture that has ended
                    if (state.receivers() == 0 && SyncSwitch.free(connection, state, folder)) {
                        tell.accept(done + "it is switched back when capture has caught up");
                    }
                    return;
                }
            } catch (SyncSwitch.NotRememberedException e) {
                tell.accept(done + e.getMessage());
                return;
            } catch (SQLException e) {
                boolean refused = "42501".equals(e.getSQLState());
                long silent = System.nanoTime() - began;
                if (refused || silent > UNREACHABLE_MAX.toNanos()) {
                    tell.accept("commits of shard " + source.name()
                            + " may wait for capture, and it could not be switched to asynchronous commits: "
                            + e.getMessage()
                            + "\nhint: " + SyncSwitch.BY_HAND);
                    return;
                }
            }
            try {
                TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
            } catch (InterruptedException e) {
                // whoever ends this process gives it the time of the patience
            }
        }
    }
}
