package io.isochron.capture;

/**
 * What one check of one shard found.
 *
 * @param shard the shard
 * @param name what was checked, lower case, such as {@code wal level}
 * @param verdict how it ended
 * @param detail what was seen, with values
 * @param hint what to do about it; empty if nothing is to be done
 */
public record CheckResult(String shard, String name, Verdict verdict, String detail, String hint) {
    /** How a check ended. */
    public enum Verdict {
        OK,
        /** It works, but a person should know. */
        WARN,
        /** Capture, backup or restore will not work so. */
        FAIL
    }
}
