package io.isochron.objects;

/** An object of this name exists; it was left as it is. */
public final class ObjectExistsException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final transient ObjectName name;

    public ObjectExistsException(ObjectName name, String where) {
        super("object " + name + " exists already in " + where
                + "\nhint: nothing was overwritten; another process may be writing to the same repository");
        this.name = name;
    }

    public ObjectName name() {
        return name;
    }
}
