package io.isochron.capture;

import io.isochron.store.Lease;
import io.isochron.store.LeaseHeldException;
import io.isochron.store.LeaseHolder;
import io.isochron.store.LeaseState;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says in the repository who captures a shard. It excludes nobody: a physical replication slot streams to one receiver only, and a segment's number can be taken once. It tells the one who comes second
 * whom to look for.
 */
final class CaptureLease {
    private final Repository repository;
    private final String shard;
    private @Nullable Lease lease;

    CaptureLease(Repository repository, String shard) {
        this.repository = repository;
        this.shard = shard;
    }

    private String resource() {
        List<String> names =
                repository.cluster().shards().stream().map(one -> one.name()).toList();
        return String.format(Locale.ROOT, "capture-s%04d", names.indexOf(shard) + 1);
    }

    /** Notes that this process has the slot now, so that nobody else has. It is only a note: that it cannot be written keeps nobody from archiving. */
    void taken() {
        if (lease != null) {
            return;
        }
        try {
            lease = repository
                    .leases()
                    .take(
                            resource(),
                            LeaseHolder.self("capture"),
                            Duration.ZERO,
                            "{}",
                            Clock.systemUTC(),
                            /* certain= */ true);
        } catch (IOException e) {
            // the next session tries again; a repository that takes nothing shows with the first piece of WAL
        }
    }

    /** Who noted that last and did not give it back, for people; empty if nobody did, or that cannot be told now. */
    String holder() {
        try {
            Optional<LeaseState> newest = repository.leases().newest(resource()).filter(LeaseState::held);
            return newest.map(state -> state.holder().describe() + ", since " + state.since())
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    /** Gives it back; a note that stays does no harm. */
    void release() {
        Lease held = lease;
        lease = null;
        if (held != null) {
            try {
                held.close();
            } catch (LeaseHeldException e) {
                // somebody else has the slot already
            } catch (IOException e) {
                // the next capture takes it all the same
            }
        }
    }
}
