package io.isochron.upkeep;

import io.isochron.store.RetentionPromise;
import java.io.IOException;

/** Less would be promised than before. */
public final class ShrunkPromiseException extends IOException {
    private static final long serialVersionUID = 1L;

    ShrunkPromiseException(RetentionPromise former, RetentionPromise now) {
        super("the configuration promises less (" + now.describe() + ") than the repository was told before ("
                + former.describe()
                + ")\nhint: correct `objectives`, or say that less is meant with --promise-less");
    }
}
