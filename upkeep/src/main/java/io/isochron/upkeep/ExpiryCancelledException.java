package io.isochron.upkeep;

import java.io.IOException;

/** Removing was stopped from outside. What was decided stays decided; the next run goes on. */
public final class ExpiryCancelledException extends IOException {
    private static final long serialVersionUID = 1L;

    ExpiryCancelledException() {
        super("removing was stopped; what is kept is decided and recorded\nhint: run the command again, it goes on");
    }
}
