package io.isochron.restore;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A restore could not be carried out. The message names the thing and its value, then gives a hint. */
public class RestoreException extends IOException {

    /** @param hint one sentence that names the likely cause or the next step */
    public RestoreException(String message, String hint) {
        this(message, hint, null);
    }

    /** @param hint one sentence that names the likely cause or the next step */
    public RestoreException(String message, String hint, @Nullable Throwable cause) {
        super(message + "\nhint: " + hint, cause);
    }
}
