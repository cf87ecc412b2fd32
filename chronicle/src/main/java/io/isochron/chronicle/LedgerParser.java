package io.isochron.chronicle;

import io.isochron.chronicle.Incident.What;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a ledger entry's fields in their order; the mirror of {@link LedgerWriter}. */
final class LedgerParser {
    private static final LedgerLevel[] LEVELS = {LedgerLevel.MINUTE, LedgerLevel.HOUR, LedgerLevel.DAY};
    private static final What[] WHATS = What.values();
    private static final Notable.Kind[] KINDS = Notable.Kind.values();

    private final ByteReader in;
    private long position;
    private long timeMicros;
    private int xid;
    private int databaseOid;

    LedgerParser(ByteReader in) {
        this.in = in;
    }

    LedgerEntry read() throws SegmentFormatException {
        LedgerLevel level = oneOf(LEVELS);
        String shard = in.text();
        long number = in.unsigned();
        String link = sha256();
        long period = in.signed();
        LedgerCover cover = cover();
        LedgerDigest digest = digest();
        return new LedgerEntry(
                level,
                shard,
                number,
                link,
                period,
                cover,
                digest,
                in.list(i -> name()),
                in.list(ByteReader::relation),
                in.list(i -> name()),
                in.list(i -> carried()),
                in.list(i -> new DdlMessage(xid(), lsn(), DdlText.read(in))));
    }

    private <T> T oneOf(T[] values) throws SegmentFormatException {
        int code = in.octet();
        if (code >= values.length) {
            throw new SegmentFormatException("ledger entry has a kind " + code + " of " + values.length);
        }
        return values[code];
    }

    private String sha256() throws SegmentFormatException {
        byte[] bytes = new byte[32];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) in.octet();
        }
        return HexFormat.of().formatHex(bytes);
    }

    private LedgerCover cover() throws SegmentFormatException {
        long firstEntry = in.unsigned();
        long lastEntry = firstEntry + in.unsigned();
        long catalogEntry = lastEntry - in.unsigned();
        long firstSequence = in.unsigned();
        long lastSequence = firstSequence + in.unsigned();
        String sha256 = sha256();
        int timeline = in.id();
        Lsn start = lsn();
        Lsn end = lsn();
        long from = time();
        long to = time();
        SafePoint safePoint = in.flag() ? new SafePoint(lsn(), time(), time()) : null;
        ClockBounds clock = in.flag() ? clock() : null;
        return new LedgerCover(
                firstEntry,
                lastEntry,
                catalogEntry,
                firstSequence,
                lastSequence,
                sha256,
                timeline,
                start,
                end,
                from,
                to,
                safePoint,
                clock);
    }

    private ClockBounds clock() throws SegmentFormatException {
        long at = time();
        long low = in.signed();
        return new ClockBounds(at, low, low + in.unsigned());
    }

    private LedgerDigest digest() throws SegmentFormatException {
        return new LedgerDigest(
                in.unsigned(),
                in.unsigned(),
                in.unsigned(),
                in.unsigned(),
                in.unsigned(),
                in.unsigned(),
                xid(),
                xid(),
                in.list(i -> table()),
                in.unsigned(),
                in.list(i -> large()),
                in.unsigned(),
                in.list(i -> notable()),
                in.unsigned(),
                new DdlStatements(
                        in.list(i -> new DdlStatement(xid(), lsn(), time(), DdlText.read(in))), in.unsigned()),
                in.list(i -> open()),
                in.unsigned(),
                in.unsigned());
    }

    private TableTotals table() throws SegmentFormatException {
        return new TableTotals(
                in.relation(),
                in.unsigned(),
                in.signed(),
                in.signed(),
                in.signed(),
                in.signed(),
                in.unsigned(),
                in.unsigned(),
                in.signed(),
                in.signed(),
                in.unsigned());
    }

    private LargeTransaction large() throws SegmentFormatException {
        int id = xid();
        int flags = in.octet();
        if (flags > 3) {
            throw new SegmentFormatException("ledger entry has a transaction of kind " + flags);
        }
        @Nullable String gid = (flags & 1) != 0 ? in.text() : null;
        Lsn firstSeen = lsn();
        Lsn commitStart = lsn();
        Lsn commitEnd = lsn();
        long firstSeenMicros = time();
        long committedMicros = time();
        int subtransactions = in.smallInt();
        List<LargeTransaction.Effect> effects = in.list(
                i -> new LargeTransaction.Effect(in.relation(), in.signed(), in.signed(), in.signed(), oneOf(WHATS)));
        return new LargeTransaction(
                id,
                gid,
                (flags & 2) != 0,
                firstSeen,
                firstSeenMicros,
                commitStart,
                commitEnd,
                committedMicros,
                subtransactions,
                effects,
                in.smallInt());
    }

    private Notable notable() throws SegmentFormatException {
        Notable.Kind kind = oneOf(KINDS);
        Lsn at = lsn();
        long micros = time();
        int id = xid();
        @Nullable RelationFile file = in.flag() ? in.relation() : null;
        return new Notable(kind, at, micros, id, file, in.signed(), in.text());
    }

    private OpenPrepared open() throws SegmentFormatException {
        int id = xid();
        return new OpenPrepared(id, in.text(), lsn(), lsn(), time(), database(), in.list(i -> id + (int) i.signed()));
    }

    private RelationObservation name() throws SegmentFormatException {
        return new RelationObservation(
                lsn(),
                database(),
                in.text(),
                in.id(),
                in.text(),
                in.text(),
                (char) in.unsigned(),
                in.relation(),
                in.id(),
                in.flag());
    }

    private CarriedWork carried() throws SegmentFormatException {
        return new CarriedWork(
                xid(), in.relation(), in.signed(), in.signed(), in.signed(), in.signed(), in.flag(), lsn(), time());
    }

    private Lsn lsn() throws SegmentFormatException {
        position += in.signed();
        return new Lsn(position);
    }

    private long time() throws SegmentFormatException {
        timeMicros += in.signed();
        return timeMicros;
    }

    private int xid() throws SegmentFormatException {
        xid += (int) in.signed();
        return xid;
    }

    private int database() throws SegmentFormatException {
        databaseOid += (int) in.signed();
        return databaseOid;
    }
}
