package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.HexFormat;

/** Writes a ledger entry's fields in their order; {@link LedgerParser} is its mirror. */
final class LedgerWriter {
    private final ByteWriter out = new ByteWriter();
    private long position;
    private long timeMicros;
    private int xid;
    private int databaseOid;

    byte[] write(byte[] magic, LedgerEntry entry) {
        out.raw(magic);
        out.octet(entry.level().code);
        out.text(entry.shard());
        out.unsigned(entry.number());
        out.raw(HexFormat.of().parseHex(entry.linkSha256()));
        out.signed(entry.period());
        cover(entry.cover());
        digest(entry.digest());
        out.list(entry.names(), (o, name) -> name(name));
        out.list(entry.forgotten(), (o, file) -> out.relation(file));
        out.list(entry.catalog(), (o, name) -> name(name));
        out.list(entry.carried(), (o, work) -> carried(work));
        out.list(entry.carriedDdl(), (o, message) -> {
            xid(message.xid());
            lsn(message.at());
            message.ddl().write(out);
        });
        return out.toBytes();
    }

    private void cover(LedgerCover cover) {
        out.unsigned(cover.firstEntry());
        out.unsigned(cover.lastEntry() - cover.firstEntry());
        out.unsigned(cover.lastEntry() - cover.catalogEntry());
        out.unsigned(cover.firstSequence());
        out.unsigned(cover.lastSequence() - cover.firstSequence());
        out.raw(HexFormat.of().parseHex(cover.lastSegmentSha256()));
        out.id(cover.timeline());
        lsn(cover.start());
        lsn(cover.end());
        time(cover.fromMicros());
        time(cover.toMicros());
        SafePoint safePoint = cover.safePoint();
        out.flag(safePoint != null);
        if (safePoint != null) {
            lsn(safePoint.upTo());
            time(safePoint.shardClockMicros());
            time(safePoint.referenceMicros());
        }
        ClockBounds clock = cover.clock();
        out.flag(clock != null);
        if (clock != null) {
            time(clock.atReferenceMicros());
            out.signed(clock.offsetLowMicros());
            out.unsigned(clock.offsetHighMicros() - clock.offsetLowMicros());
        }
    }

    private void digest(LedgerDigest digest) {
        out.unsigned(digest.commits());
        out.unsigned(digest.aborts());
        out.unsigned(digest.prepares());
        out.unsigned(digest.walBytes());
        out.unsigned(digest.records());
        out.unsigned(digest.checkpoints());
        xid(digest.firstXid());
        xid(digest.lastXid());
        out.list(digest.tables(), (o, table) -> table(table));
        out.unsigned(digest.tablesOmitted());
        out.list(digest.large(), (o, transaction) -> large(transaction));
        out.unsigned(digest.largeOmitted());
        out.list(digest.notables(), (o, notable) -> notable(notable));
        out.unsigned(digest.notablesOmitted());
        out.list(digest.statements().items(), (o, statement) -> {
            xid(statement.xid());
            lsn(statement.at());
            time(statement.atMicros());
            statement.ddl().write(out);
        });
        out.unsigned(digest.statements().omitted());
        out.list(digest.stale(), (o, open) -> open(open));
        out.unsigned(digest.staleOmitted());
        out.unsigned(digest.inDoubt());
    }

    private void table(TableTotals table) {
        out.relation(table.file());
        out.unsigned(table.transactions());
        rows(table.inserted(), table.updated(), table.deleted());
        out.signed(table.toastRows());
        out.unsigned(table.deleting());
        out.unsigned(table.updating());
        out.signed(table.deletedMax());
        out.signed(table.updatedMax());
        out.unsigned(table.removals());
    }

    private void rows(long inserted, long updated, long deleted) {
        out.signed(inserted);
        out.signed(updated);
        out.signed(deleted);
    }

    private void large(LargeTransaction transaction) {
        xid(transaction.xid());
        String gid = transaction.gid();
        out.octet((gid == null ? 0 : 1) | (transaction.prepared() ? 2 : 0));
        if (gid != null) {
            out.text(gid);
        }
        lsn(transaction.firstSeen());
        lsn(transaction.commitStart());
        lsn(transaction.commitEnd());
        time(transaction.firstSeenMicros());
        time(transaction.committedMicros());
        out.unsigned(transaction.subtransactions());
        out.list(transaction.effects(), (o, effect) -> {
            out.relation(effect.file());
            rows(effect.inserted(), effect.updated(), effect.deleted());
            out.octet(effect.what().code);
        });
        out.unsigned(transaction.effectsOmitted());
    }

    private void notable(Notable notable) {
        out.octet(notable.kind().code);
        lsn(notable.at());
        time(notable.atMicros());
        xid(notable.xid());
        RelationFile file = notable.file();
        out.flag(file != null);
        if (file != null) {
            out.relation(file);
        }
        out.signed(notable.value());
        out.text(notable.text());
    }

    private void open(OpenPrepared open) {
        xid(open.xid());
        out.text(open.gid());
        lsn(open.start());
        lsn(open.end());
        time(open.timeMicros());
        database(open.databaseOid());
        out.list(open.subxids(), (o, subxid) -> out.signed(subxid - open.xid()));
    }

    private void name(RelationObservation name) {
        lsn(name.at());
        database(name.databaseOid());
        out.text(name.database());
        out.id(name.oid());
        out.text(name.schema());
        out.text(name.name());
        out.unsigned(name.kind());
        out.relation(name.file());
        out.id(name.toastOf());
        out.flag(name.primaryKey());
    }

    private void carried(CarriedWork work) {
        xid(work.xid());
        out.relation(work.file());
        rows(work.inserted(), work.updated(), work.deleted());
        out.signed(work.pagesWritten());
        out.flag(work.created());
        lsn(work.firstSeen());
        time(work.firstSeenMicros());
    }

    private void lsn(Lsn lsn) {
        out.signed(lsn.value() - position);
        position = lsn.value();
    }

    private void time(long micros) {
        out.signed(micros - timeMicros);
        timeMicros = micros;
    }

    private void xid(int value) {
        out.signed(value - xid);
        xid = value;
    }

    private void database(int oid) {
        out.signed(oid - databaseOid);
        databaseOid = oid;
    }
}
