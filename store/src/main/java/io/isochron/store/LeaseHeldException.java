package io.isochron.store;

import io.isochron.objects.StoreException;

/** Somebody else has the lease. */
public final class LeaseHeldException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final transient LeaseState state;

    LeaseHeldException(String what, LeaseState state) {
        super("lease " + what + " is held by " + state.holder().describe() + " since " + state.since()
                + ", last heard of at "
                + state.at()
                + "\nhint: wait until it ends; a holder that is dead loses it "
                + (state.validity().isZero()
                        ? "when its place is taken"
                        : state.validity().toMinutes() + " minutes after its last sign of life"));
        this.state = state;
    }

    /** What is known of the holder. */
    public LeaseState state() {
        return state;
    }
}
