package io.isochron.app;

/** A command cannot go on. The message is in lower case and names the thing and its value; the hint is one sentence. */
final class AppException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ExitCode code;
    private final String hint;

    AppException(ExitCode code, String message, String hint) {
        super(message);
        this.code = code;
        this.hint = hint;
    }

    ExitCode code() {
        return code;
    }

    String hint() {
        return hint;
    }
}
