package io.isochron.chronicle;

/**
 * A computed cut as an immutable document.
 *
 * @param cluster name of the cluster
 * @param cut the cut
 */
@SuppressWarnings("DoNotCallSuggester")
public record Certificate(String cluster, Cut cut) {
    /** Its id: {@code cut-} and the first 32 hexadecimal digits of the SHA-256 of its JSON. */
    public String id() {
        throw new UnsupportedOperationException();
    }

    /** The document: UTF-8, the same certificate always gives the same bytes. */
    public byte[] toJson() {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads a document back.
     *
     * @throws IllegalArgumentException if it is not a certificate of version 1
     */
    public static Certificate fromJson(byte[] json) {
        throw new UnsupportedOperationException();
    }
}
