package io.isochron.restore;

/** Hears how a restore proceeds. Called from several threads; must be quick and must not throw. */
@FunctionalInterface
public interface ProgressListener {

    /** Hears nothing. */
    ProgressListener NONE = progress -> {};

    /** Tells the newest state of one shard. */
    void progress(RestoreProgress progress);
}
