package io.isochron.instance;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An installation or instance did not do what was asked; the message names it and, where there is one, carries the end of its log. */
public final class PostgresInstanceException extends IOException {
    private static final long serialVersionUID = 1L;

    public PostgresInstanceException(String message) {
        super(message);
    }

    public PostgresInstanceException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
