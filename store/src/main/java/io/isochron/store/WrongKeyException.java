package io.isochron.store;

import io.isochron.objects.StoreException;

/** The key does not open this repository. */
public final class WrongKeyException extends StoreException {
    private static final long serialVersionUID = 1L;

    WrongKeyException(String where, String expectedKeyId, String givenKeyIds) {
        super(
                "the repository in " + where + " was sealed with key " + expectedKeyId + ", the given key file holds "
                        + givenKeyIds
                        + "\nhint: give the key file that init made for this repository; without it nothing in the repository can be read");
    }
}
