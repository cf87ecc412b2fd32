package io.isochron.objects;

/** An object is there but is not what was written under its name. */
public final class ObjectDamagedException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final transient ObjectName name;
    private final String reason;

    public ObjectDamagedException(ObjectName name, String reason) {
        super(message(name, reason));
        this.name = name;
        this.reason = reason;
    }

    public ObjectDamagedException(ObjectName name, String reason, Throwable cause) {
        super(message(name, reason), cause);
        this.name = name;
        this.reason = reason;
    }

    private static String message(ObjectName name, String reason) {
        return "object " + name + " is damaged: " + reason
                + "\nhint: run verify to see the whole damage; nothing of the object was used";
    }

    public ObjectName name() {
        return name;
    }

    /** What did not hold, in a few words. */
    public String reason() {
        return reason;
    }
}
