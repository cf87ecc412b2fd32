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
        return String.format(Locale.ROOT, "s%04d", number);
    }

    private static String hex16(long value) {
        return String.format(Locale.ROOT, "%016x", value);
    }

    static String walTimeline(int shard, int timeline) {
        return "wal/" + shard(shard) + "/" + String.format(Locale.ROOT, "%08x", timeline);
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
        String digits = String.format(Locale.ROOT, "%016d", sequence);
        return new ObjectName(chronicle(shard) + digits.substring(0, 12) + "/" + digits);
    }

    static String ledger(int shard) {
        return "ledger/" + shard(shard) + "/minute/";
    }

    static ObjectName ledger(int shard, long number) {
        String digits = String.format(Locale.ROOT, "%016d", number);
        return new ObjectName(ledger(shard) + digits.substring(0, 12) + "/" + digits);
    }

    static String parts(int shard) {
        return "ledger/" + shard(shard) + "/part/";
    }

    static ObjectName part(int shard, long number, int sixth) {
        String digits = String.format(Locale.ROOT, "%016d", number);
        return new ObjectName(parts(shard) + digits.substring(0, 12) + "/" + digits + "-" + sixth);
    }

    static String rollups(int shard, String folder) {
        return "ledger/" + shard(shard) + "/" + folder + "/";
    }

    static ObjectName rollup(int shard, String folder, long period) {
        String digits = String.format(Locale.ROOT, "%010d", period);
        if (period < 0 || digits.length() > 10) {
            throw new IllegalArgumentException("ledger " + folder + " " + period + " cannot be numbered so");
        }
        return new ObjectName(rollups(shard, folder) + digits.substring(0, 7) + "/" + digits);
    }

    static ObjectName membership(long version) {
        return new ObjectName(MEMBERSHIP + String.format(Locale.ROOT, "%08d", version));
    }

    static ObjectName key(long number) {
        return new ObjectName(KEYS + String.format(Locale.ROOT, "%08d", number));
    }

    static ObjectName audit(long number) {
        return new ObjectName(AUDIT + String.format(Locale.ROOT, "%010d", number));
    }

    /** The number of an entry of the audit log; -1 if the name is none's. */
    static long auditNumber(ObjectName name) {
        String digits = name.lastSegment();
        return digits.matches("\\d{10}") && name.equals(audit(Long.parseLong(digits))) ? Long.parseLong(digits) : -1;
    }

    static ObjectName retention(long number) {
        return new ObjectName(RETENTION + String.format(Locale.ROOT, "%08d", number));
    }

    static ObjectName lease(String resource, long number) {
        return ObjectName.of("lease", resource, String.format(Locale.ROOT, "%010d", number));
    }

    static ObjectName snapshot(String id) {
        return ObjectName.of("snapshot", id);
    }

    static ObjectName manifest(String snapshot, int shard, long part) {
        return ObjectName.of("manifest", snapshot, shard(shard), String.format(Locale.ROOT, "%08d", part));
    }

    static ObjectName pack(String snapshot, int shard, long number) {
        return ObjectName.of("pack", snapshot, shard(shard), String.format(Locale.ROOT, "%08d", number));
    }

    static ObjectName document(String kind, String id) {
        return ObjectName.of("document", kind, id);
    }

    static ObjectName scrub(long number) {
        return new ObjectName(SCRUBS + String.format(Locale.ROOT, "%010d", number));
    }
}
