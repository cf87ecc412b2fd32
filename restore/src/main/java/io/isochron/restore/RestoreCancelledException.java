package io.isochron.restore;

/** The restore was cancelled by its caller; the same plan and target continue it. */
public final class RestoreCancelledException extends RestoreException {
    RestoreCancelledException(String target) {
        super("the restore to " + target + " was cancelled", "run the same command again to go on where it stopped");
    }
}
