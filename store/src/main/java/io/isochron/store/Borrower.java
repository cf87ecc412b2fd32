package io.isochron.store;

/** Makes something of an object's content without keeping its bytes. */
@FunctionalInterface
public interface Borrower<T, E extends Exception> {
    /**
     * Called with the content, once; what it returns is returned to whoever asked.
     *
     * @param bytes have other content as soon as this returns
     * @param length how many of them, from the first, are the object's
     */
    T take(byte[] bytes, int length) throws E;
}
