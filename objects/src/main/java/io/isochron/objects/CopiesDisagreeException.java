package io.isochron.objects;

/**
 * Two copies of a store hold different bytes under one name, and both were created: two writers worked at once, each out of reach of the other's copy. Nothing chooses between them.
 */
public final class CopiesDisagreeException extends java.io.IOException {
    private static final long serialVersionUID = 1L;

    CopiesDisagreeException(ObjectName name, String one, String other) {
        super(
                "object " + name + " is not the same in " + one + " and in " + other
                        + "\nhint: two programs wrote to this repository at once while neither reached all copies; stop one of them, leave both copies as they are, and take the one that is wrong out with --without-copy");
    }
}
