package io.isochron.objects;

import java.time.Instant;

/** The store keeps an object from being removed until some time; the object is as it was. */
public final class ObjectLockedException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final ObjectName name;
    private final Instant until;

    public ObjectLockedException(ObjectName name, Instant until, String where) {
        super("object " + name + " in " + where + " is locked until " + until
                + "\nhint: it can be removed after that; nothing is lost by waiting");
        this.name = name;
        this.until = until;
    }

    public ObjectName name() {
        return name;
    }

    /** When the lock ends, by the store's clock. */
    public Instant until() {
        return until;
    }
}
