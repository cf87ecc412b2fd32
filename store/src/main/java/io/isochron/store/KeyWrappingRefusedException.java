package io.isochron.store;

import io.isochron.objects.StoreException;

/** What wraps the key says for certain that it will not unwrap it. */
public final class KeyWrappingRefusedException extends StoreException {
    private static final long serialVersionUID = 1L;

    public KeyWrappingRefusedException(String message) {
        super(message);
    }
}
