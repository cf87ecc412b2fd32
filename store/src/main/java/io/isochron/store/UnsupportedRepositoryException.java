package io.isochron.store;

import io.isochron.objects.StoreException;

/** The repository was written in a format that this version does not know. */
public final class UnsupportedRepositoryException extends StoreException {
    private static final long serialVersionUID = 1L;

    UnsupportedRepositoryException(String where, int version) {
        super("the repository in " + where + " has format version " + version + ", this program knows version "
                + Repository.FORMAT_VERSION + "\nhint: use a newer version of Isochron");
    }
}
