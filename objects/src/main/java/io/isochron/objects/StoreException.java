package io.isochron.objects;

/** Something certain about a store or what is in it, in contrast to any other {@link java.io.IOException}, which means "cannot tell". */
public class StoreException extends java.io.IOException {
    private static final long serialVersionUID = 1L;

    public StoreException(String message) {
        super(message);
    }

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
