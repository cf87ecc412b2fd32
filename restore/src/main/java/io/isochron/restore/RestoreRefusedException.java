package io.isochron.restore;

/** A restore was refused before a byte was written: by its target directory or by what is missing on this host. */
public final class RestoreRefusedException extends RestoreException {
    private static final long serialVersionUID = 1L;

    RestoreRefusedException(String message, String hint) {
        super(message, hint);
    }
}
