package io.isochron.handover;

/** A named point between two durable steps, at which a test may end the run as a crash would. */
@FunctionalInterface
interface CrashPoint {
    CrashPoint NONE = _ -> {};

    void reached(String point);
}
