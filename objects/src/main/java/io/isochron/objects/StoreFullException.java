package io.isochron.objects;

/** There is no space left; nothing was published and the temporary file is gone. */
public final class StoreFullException extends StoreException {
    private static final long serialVersionUID = 1L;

    public StoreFullException(String where, long freeBytes, long neededBytes, Throwable cause) {
        super(
                "no space left in " + where + ": " + freeBytes + " bytes free, " + neededBytes + " needed"
                        + "\nhint: free space there and start again; nothing half-written is left",
                cause);
    }

    /** Of a store that does not say how much is left. */
    public StoreFullException(String where, long neededBytes, String said, Throwable cause) {
        super(
                "no space left in " + where + ": " + said + ", " + neededBytes + " bytes needed"
                        + "\nhint: raise its quota or free space there and start again; nothing was stored",
                cause);
    }
}
