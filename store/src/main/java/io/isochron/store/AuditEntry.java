package io.isochron.store;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a repository's audit log.
 *
 * @param number 0 and up, without holes
 * @param at wall time of the host that wrote it, to the microsecond; a clock may be wrong, the numbers say what came first
 * @param by who and with what
 * @param command such as {@code key rotate}
 * @param arguments as given, without secrets
 * @param event what this entry says about the command
 * @param begun number of the entry with which the command began; null for that one and for {@link Event#CONFIGURATION}
 * @param exit the exit code; null unless the command ended
 * @param key id of the key that sealed the entry, 8 hexadecimal digits
 * @param detail for people; may be empty
 */
public record AuditEntry(
        long number,
        Instant at,
        Actor by,
        String command,
        List<String> arguments,
        Event event,
        @Nullable Long begun,
        @Nullable Integer exit,
        String key,
        String detail) {
    /** What an entry says. */
    public enum Event {
        /** The command is about to do its work. One without an end still runs, or was killed. */
        BEGUN,
        /** It ended with exit code 0. */
        SUCCEEDED,
        /** It ended otherwise. */
        FAILED,
        /** The configuration on this host is another one than when it was last seen. */
        CONFIGURATION
    }

    /**
     * Who did something.
     *
     * @param user as the operating system names him
     * @param host the host's name
     * @param program version of the program
     * @param configuration SHA-256 of the configuration's file, 64 hexadecimal digits
     */
    public record Actor(String user, String host, String program, String configuration) {}

    /** A place in the log, to be noted elsewhere. */
    public record Head(long number, String sha256) {
        @Override
        public String toString() {
            return number + ":" + sha256;
        }
    }

    /**
     * What a place was said to be.
     *
     * @param where who says so, for people
     */
    public record Anchor(Head head, String where) {}

    public AuditEntry {
        arguments = List.copyOf(arguments);
    }
}
