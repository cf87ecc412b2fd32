package io.isochron.store;

import io.isochron.objects.ObjectName;
import java.util.Locale;

/** The names of a repository's objects, both ways; specified in docs/repository-format.md. */
final class Names {
    static final ObjectName HEADER = new ObjectName("isochron-repository");

    /** Folder of the membership's versions. */
    static final String MEMBERSHIP = "member/";

    /** Folder of the records of keys. */
    static final String KEYS = "key/";

    /** Folder of the audit log. */
    static final String AUDIT = "audit/";

    /** Folder of the retention records. */
    static final String RETENTION = "retention/";

    /** Folder of leases. */
    static final String LEASES = "lease/";

    /** Folder of the records of scrubs. */
    static final String SCRUBS = "scrub/";

    private Names() {}

    /** A position as people read it, PostgreSQL's two hexadecimal halves. */
    static String lsn(long position) {
        return Long.toHexString(position >>> 32).toUpperCase(Locale.ROOT)
                + "/"
                + Long.toHexString(position & 0xFFFF_FFFFL).toUpperCase(Locale.ROOT);
    }

    /**
     * The position that {@link #lsn} wrote.
     *
     * @throws IllegalArgumentException if it is none
     */
    static long position(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("'" + text + "' is not a position");
        }
        return Long.parseUnsignedLong(text, 0, slash, 16) << 32
                | Long.parseUnsignedLong(text, slash + 1, text.length(), 16);
    }

    static String shard(int number) {
        return "s" + digits(number, 4);
    }

    /** A number that is not negative, with zeros before it. Names are made for every object that is read: a formatter would take longer than the rest of a name. */
    private static String digits(long number, int width) {
        if (number < 0) {
            throw new IllegalArgumentException("number " + number + " in an object's name is negative");
        }
        return padded(Long.toString(number), width);
    }

    private static String padded(String digits, int width) {
        return "0".repeat(Math.max(0, width - digits.length())) + digits;
    }

    private static String hex16(long value) {
        return padded(Long.toHexString(value), 16);
    }

    static String walTimeline(int shard, int timeline) {
        return "wal/" + shard(shard) + "/" + padded(Integer.toHexString(timeline), 8);
    }

    static ObjectName wal(int shard, int timeline, long start, long end) {
        String first = hex16(start);
        return ObjectName.of(walTimeline(shard, timeline), first.substring(0, 9), first + "-" + hex16(end));
    }

    static ObjectName history(int shard, int timeline) {
        return new ObjectName(walTimeline(shard, timeline) + ".history");
    }

    static String chronicle(int shard) {
        return "chronicle/" + shard(shard) + "/";
    }

    static ObjectName chronicle(int shard, long sequence) {
        String digits = digits(sequence, 16);
        return new ObjectName(chronicle(shard) + digits.substring(0, 12) + "/" + digits);
    }

    static String ledger(int shard) {
        return "ledger/" + shard(shard) + "/minute/";
    }

    static ObjectName ledger(int shard, long number) {
        String digits = digits(number, 16);
        return new ObjectName(ledger(shard) + digits.substring(0, 12) + "/" + digits);
    }

    static String parts(int shard) {
        return "ledger/" + shard(shard) + "/part/";
    }

    static ObjectName part(int shard, long number, int sixth) {
        String digits = digits(number, 16);
        return new ObjectName(parts(shard) + digits.substring(0, 12) + "/" + digits + "-" + sixth);
    }

    static String rollups(int shard, String folder) {
        return "ledger/" + shard(shard) + "/" + folder + "/";
    }

    static ObjectName rollup(int shard, String folder, long period) {
        if (period < 0 || period > 9_999_999_999L) {
            throw new IllegalArgumentException("ledger " + folder + " " + period + " cannot be numbered so");
        }
        String digits = digits(period, 10);
        return new ObjectName(rollups(shard, folder) + digits.substring(0, 7) + "/" + digits);
    }

    static ObjectName membership(long version) {
        return new ObjectName(MEMBERSHIP + digits(version, 8));
    }

    static ObjectName key(long number) {
        return new ObjectName(KEYS + digits(number, 8));
    }

    static ObjectName audit(long number) {
        return new ObjectName(AUDIT + digits(number, 10));
    }

    /** The number of an entry of the audit log; -1 if the name is none's. */
    static long auditNumber(ObjectName name) {
        String digits = name.lastSegment();
        return digits.matches("\\d{10}") && name.equals(audit(Long.parseLong(digits))) ? Long.parseLong(digits) : -1;
    }

    static ObjectName retention(long number) {
        return new ObjectName(RETENTION + digits(number, 8));
    }

    static ObjectName lease(String resource, long number) {
        return ObjectName.of("lease", resource, digits(number, 10));
    }

    static ObjectName snapshot(String id) {
        return ObjectName.of("snapshot", id);
    }

    static ObjectName manifest(String snapshot, int shard, long part) {
        return ObjectName.of("manifest", snapshot, shard(shard), digits(part, 8));
    }

    static ObjectName pack(String snapshot, int shard, long number) {
        return ObjectName.of("pack", snapshot, shard(shard), digits(number, 8));
    }

    static ObjectName document(String kind, String id) {
        return ObjectName.of("document", kind, id);
    }

    static ObjectName scrub(long number) {
        return new ObjectName(SCRUBS + digits(number, 10));
    }
}
