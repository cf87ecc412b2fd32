package io.isochron.objects;

/** It is certain that there is no object of this name. */
public final class ObjectNotFoundException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final transient ObjectName name;

    public ObjectNotFoundException(ObjectName name, String where) {
        super("object " + name + " is not in " + where + "\nhint: verify says what else is missing");
        this.name = name;
    }

    public ObjectName name() {
        return name;
    }
}
