package io.isochron.store;

import io.isochron.objects.StoreException;

/** A key file cannot be used: it is not there, is not a key, others may read it, or it would be overwritten. */
public final class KeyFileException extends StoreException {
    private static final long serialVersionUID = 1L;

    KeyFileException(String message) {
        super(message);
    }

    KeyFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
