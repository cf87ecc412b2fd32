package io.isochron.objects;

import java.io.IOException;

/** Told what happens to the copies of a {@link ReplicatedStore}, by whichever thread meets it. Must not block for long. */
public interface CopyListener {
    /** The copy did not answer, and is left out for a while. */
    default void away(String copy, IOException cause) {}

    /** The copy answers again; what it missed is being placed in it. */
    default void returned(String copy, long missed) {}

    /** What the copy had missed is in it. */
    default void caughtUp(String copy, long objects) {}

    /** An object that was damaged or missing in the copy was put right from another one. */
    default void repaired(String copy, ObjectName name, String reason) {}

    /** An object is damaged or missing in the copy and could not be put right; others have it. */
    default void notRepaired(String copy, ObjectName name, IOException cause) {}

    /** Tells nobody. */
    CopyListener NONE = new CopyListener() {};
}
