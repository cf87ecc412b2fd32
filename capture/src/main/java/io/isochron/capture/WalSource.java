package io.isochron.capture;

/** Which of a shard's servers the WAL is taken from. Clock and safe time come from the primary, whichever it is. */
public enum WalSource {
    PRIMARY,
    /** A hot standby, while one keeps up and follows the primary; the primary otherwise. For the asynchronous mode only. */
    STANDBY
}
