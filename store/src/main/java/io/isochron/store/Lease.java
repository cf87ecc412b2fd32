package io.isochron.store;

import io.isochron.store.LeaseState.Event;
import java.io.IOException;
import java.time.InstantSource;

/**
 * A lease that this process took. It is lost when somebody else makes its next step; whoever holds one must look, by {@link #renew}, before doing what only a holder may do, and what must not
 * happen twice has to be fenced by an object of its own that is created on a condition.
 */
public final class Lease implements AutoCloseable {
    private final Leases leases;
    private final InstantSource clock;
    private LeaseState state;

    Lease(Leases leases, InstantSource clock, LeaseState state) {
        this.leases = leases;
        this.clock = clock;
        this.state = state;
    }

    /** The last step that this process made. */
    public synchronized LeaseState state() {
        return state;
    }

    /**
     * Shows that the holder lives.
     *
     * @throws LeaseHeldException if somebody else has it now
     */
    public synchronized void renew() throws IOException {
        state = leases.step(state, Event.RENEWED, state.holder(), state.since(), clock.instant());
    }

    /** The same, if a third of its validity is over. */
    public synchronized void renewIfDue() throws IOException {
        if (!clock.instant().isBefore(state.at().plus(state.validity().dividedBy(3)))) {
            renew();
        }
    }

    /** Gives it back, unless somebody else has it. */
    @Override
    public synchronized void close() throws IOException {
        if (state.held()) {
            try {
                state = leases.step(state, Event.RELEASED, state.holder(), state.since(), clock.instant());
            } catch (LeaseHeldException e) {
                // it is not ours any more
            }
        }
    }
}
