package io.isochron.store;

import java.io.IOException;

/**
 * Something that encrypts a keyset under a key of its own, such as a key management service, so that the key file alone opens nothing. Isochron asks it once for each start of a command, never for each object.
 *
 * <p>Errors: a {@link KeyWrappingRefusedException} is certain (these bytes were not wrapped under this key and context, or this user may not). Any other {@link IOException} means "cannot tell": the service
 * may be out of reach, and asking again may help. Neither names a secret.
 */
public interface KeyWrapping {
    /** What the key file calls it, so that a key file that was wrapped by another one is noticed; no secret. */
    String name();

    /**
     * Encrypts a keyset.
     *
     * @param keyset secret; not kept
     * @param context no secret; ASCII letters, digits, {@code -} and {@code .}; to be bound to the result if that is possible, as associated data or "encryption context"
     */
    byte[] wrap(byte[] keyset, String context) throws IOException;

    /**
     * Decrypts what {@link #wrap} gave for the same context.
     *
     * @return the keyset; secret
     */
    byte[] unwrap(byte[] wrapped, String context) throws IOException;
}
