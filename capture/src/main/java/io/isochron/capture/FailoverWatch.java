package io.isochron.capture;

import io.isochron.wire.ConnectionSettings;
import io.isochron.wire.ReplicationConnection;
import io.isochron.wire.SystemIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks, while one server of a shard is captured, whether another one of its addresses has been promoted: the old primary may not have noticed, and every byte taken from it then lies on an abandoned
 * branch. One quiet connection for each other address.
 */
final class FailoverWatch implements AutoCloseable {
    private static final Duration LOOK = Duration.ofSeconds(2);
    private static final int CONNECT_SECONDS = 5;

    private final String systemIdentifier;
    private final int timeline;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean promoted;

    /**
     * Begins to look.
     *
     * @param source the shard with all its addresses
     * @param captured the settings of the place that is captured
     * @param server who is captured
     */
    FailoverWatch(ShardSource source, ConnectionSettings captured, ServerIdentity server) {
        this.systemIdentifier = server.systemIdentifier();
        this.timeline = server.timeline();
        for (ConnectionSettings place : source.settings().places()) {
            if (!place.where().equals(captured.where())) {
                ConnectionSettings settings =
                        place.withConnectTimeoutIfUnset(CONNECT_SECONDS).withApplicationName("isochron_watch");
                threads.add(Thread.ofVirtual()
                        .name("isochron-watch-" + source.name())
                        .start(() -> watch(settings)));
            }
        }
    }

    /** Whether another address has a primary on a later PostgreSQL timeline. */
    boolean promotedElsewhere() {
        return promoted;
    }

    private void watch(ConnectionSettings settings) {
        while (!promoted) {
            try (ReplicationConnection connection = ReplicationConnection.open(settings)) {
                while (!promoted) {
                    look(connection);
                    Thread.sleep(LOOK);
                }
            } catch (IOException e) {
                // down, or starting: looked at again
                if (!pause()) {
                    return;
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void look(ReplicationConnection connection) throws IOException {
        SystemIdentity identity = connection.identifySystem();
        if (identity.systemIdentifier().equals(systemIdentifier)
                && Integer.compareUnsigned(identity.timeline(), timeline) > 0
                && connection.show("in_hot_standby").equals("off")) {
            promoted = true;
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(LOOK);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
    }
}
