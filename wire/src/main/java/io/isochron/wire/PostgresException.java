package io.isochron.wire;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server answered with an error (ErrorResponse, documentation chapter 53.8). {@link #getMessage()} names the server
 * and the user besides what the server said.
 */
public final class PostgresException extends IOException {
    private static final long serialVersionUID = 1L;

    /** {@code invalid_password}. */
    public static final String INVALID_PASSWORD = "28P01";

    /** {@code undefined_object}: for instance a replication slot that does not exist. */
    public static final String UNDEFINED_OBJECT = "42704";

    /** {@code object_in_use}: for instance a replication slot that another receiver holds. */
    public static final String OBJECT_IN_USE = "55006";

    /** {@code duplicate_object}: for instance a replication slot that exists already. */
    public static final String DUPLICATE_OBJECT = "42710";

    /** {@code undefined_file}: for instance WAL that was removed before it was asked for. */
    public static final String UNDEFINED_FILE = "58P01";

    private final String sqlState;
    private final String severity;
    private final String serverMessage;
    private final @Nullable String detail;
    private final @Nullable String hint;

    PostgresException(
            String where,
            String sqlState,
            String severity,
            String serverMessage,
            @Nullable String detail,
            @Nullable String hint) {
        super(where + ": " + serverMessage + " (SQLSTATE " + sqlState + ")"
                + (detail == null ? "" : "\ndetail: " + detail)
                + (hint == null ? "" : "\nhint: " + hint));
        this.sqlState = sqlState;
        this.severity = severity;
        this.serverMessage = serverMessage;
        this.detail = detail;
        this.hint = hint;
    }

    /** The five-character code of the error (documentation, appendix A), for instance {@code 28P01} for a wrong password. */
    public String sqlState() {
        return sqlState;
    }

    /** {@code ERROR}, {@code FATAL} or {@code PANIC}; after the last two the connection is gone. */
    public String severity() {
        return severity;
    }

    /** What the server said, in the server's language, without where it happened. */
    public String serverMessage() {
        return serverMessage;
    }

    /** The server's DETAIL, if it gave one. */
    public @Nullable String detail() {
        return detail;
    }

    /** The server's HINT, or ours for errors whose usual cause we know. */
    public @Nullable String hint() {
        return hint;
    }
}
