package io.isochron.capture;

/** What one shard's capture is doing. */
public enum CaptureState {
    /** Not started yet. */
    NEW,
    /** Reading its position from the repository, connecting, checking who answers. */
    CONNECTING,
    /** Receives WAL and makes it durable. */
    STREAMING,
    /** The connection is lost or was refused for now; tried again after a pause. {@link CaptureStatus#lastError()} says why. */
    RECONNECTING,
    /** Receives, but the repository cannot be written for now; tried again after a pause. */
    STALLED,
    /** Stopped because it was asked to; everything received is durable. */
    STOPPED,
    /** Stopped with an alarm that a person has to look at: {@link CaptureStatus#lastError()}. */
    FAILED
}
