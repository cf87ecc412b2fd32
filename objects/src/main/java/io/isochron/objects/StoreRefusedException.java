package io.isochron.objects;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The store was asked and refused to deal with us: no credentials or wrong ones, no right to do it, no such bucket. Nothing is known about any object, so it is no {@link StoreException}; it is
 * not tried again at once, since only a person can change it.
 */
public final class StoreRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    public StoreRefusedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
