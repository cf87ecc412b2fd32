package io.isochron.handover;

import org.jspecify.annotations.Nullable;

/** Handing data back did not work. The message names the thing and its value; a second line begins with {@code hint:}. */
public class HandoverException extends Exception {
    private static final long serialVersionUID = 1L;

    /** A failure with the cause, the message in lower case and the hint as one sentence. */
    public HandoverException(String message, String hint, @Nullable Throwable cause) {
        super(message + "\nhint: " + hint, cause);
    }
}
