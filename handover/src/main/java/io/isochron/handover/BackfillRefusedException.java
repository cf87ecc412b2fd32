package io.isochron.handover;

/** A back-fill was refused before anything was changed on any live shard. */
public final class BackfillRefusedException extends HandoverException {
    private static final long serialVersionUID = 1L;

    /** A refusal with its reason and what to do about it. */
    public BackfillRefusedException(String message, String hint) {
        super(message, hint, null);
    }
}
