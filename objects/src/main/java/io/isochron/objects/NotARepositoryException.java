package io.isochron.objects;

/** The store can be read and holds no repository. */
public final class NotARepositoryException extends StoreException {
    private static final long serialVersionUID = 1L;

    public NotARepositoryException(String where) {
        super("there is no repository in " + where + "\nhint: check the path, or make one with init");
    }
}
