package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/** Writes a segment's fields in the order of the format; {@link SegmentParser} is its mirror. */
final class SegmentWriter {
    private final ByteWriter out;
    private final long base;
    private long position;
    private long timeMicros;
    private int xid;
    private int databaseOid;

    SegmentWriter(ByteWriter out, Lsn start) {
        this.out = out;
        this.base = start.value();
        this.position = base;
    }

    void write(Segment segment) {
        out.text(segment.shard());
        out.unsigned(segment.sequence());
        out.raw(java.util.HexFormat.of().parseHex(segment.previousSha256()));
        out.id(segment.timeline());
        out.unsigned(base);
        lsn(segment.end());
        lsn(segment.lastRecordEnd());
        lsn(segment.parserRestart());
        out.unsigned(segment.records());
        out.unsigned(segment.checkpoints());
        time(segment.referenceFirstMicros());
        time(segment.referenceLastMicros());
        SafePoint safePoint = segment.safePoint();
        out.flag(safePoint != null);
        if (safePoint != null) {
            lsn(safePoint.upTo());
            time(safePoint.referenceMicros());
            time(safePoint.shardClockMicros());
        }
        out.list(segment.clocks(), (o, clock) -> clock(clock));
        out.list(segment.clockSteps(), (o, step) -> {
            clock(step.before());
            clock(step.after());
        });
        position = base;
        out.list(segment.openPrepared(), (o, open) -> openPrepared(open));
        Lsn oldest = segment.oldestOpenStart();
        out.flag(oldest != null);
        if (oldest != null) {
            lsn(oldest);
        }
        out.list(segment.running(), (o, running) -> {
            lsn(running.at());
            out.id(running.nextXid());
            out.id(running.oldestRunningXid());
        });
        out.list(segment.parameters(), (o, change) -> parameters(change));
        out.list(segment.tablespaces(), (o, created) -> {
            lsn(created.at());
            out.id(created.oid());
            out.text(created.path());
        });
        out.list(segment.restorePoints(), (o, point) -> {
            lsn(point.at());
            time(point.timeMicros());
            out.text(point.name());
        });
        out.list(segment.fences(), (o, fence) -> {
            out.unsigned(fence.id());
            lsn(fence.at());
            time(fence.referenceMicros());
        });
        out.list(segment.decisionRecords(), (o, gids) -> recordedGids(gids));
        out.list(segment.openDecisionRecords(), (o, gids) -> recordedGids(gids));
        out.list(segment.customResourceManagers(), (o, id) -> out.unsigned(id));
        position = base;
        // most of any segment
        out.unsigned(segment.events().size());
        for (Event event : segment.events()) {
            event(event);
        }
        xid = 0;
        out.unsigned(segment.rows().size());
        for (RowCounts rows : segment.rows()) {
            rows(rows);
        }
        position = base;
        out.list(segment.storage(), (o, change) -> storage(change));
        out.list(segment.relations(), (o, relation) -> relation(relation));
        xid = 0;
        position = base;
        out.list(segment.ddl().items(), (o, message) -> {
            xid(message.xid());
            lsn(message.at());
            message.ddl().write(out);
        });
        out.unsigned(segment.ddl().omitted());
    }

    /** A position as distance from the last one. */
    private void lsn(Lsn lsn) {
        out.signed(lsn.value() - position);
        position = lsn.value();
    }

    /** A time as distance from the last one. */
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

    private void clock(ClockBounds clock) {
        time(clock.atReferenceMicros());
        out.signed(clock.offsetLowMicros());
        out.unsigned(clock.offsetHighMicros() - clock.offsetLowMicros());
    }

    private void event(Event event) {
        String gid = event.gid();
        boolean subxids = !event.subxids().isEmpty();
        boolean before = !event.before().equals(event.start());
        out.octet(event.kind().code
                | (gid != null ? SegmentCodec.FLAG_GID : 0)
                | (subxids ? SegmentCodec.FLAG_SUBXIDS : 0)
                | (before ? SegmentCodec.FLAG_BEFORE : 0));
        lsn(event.start());
        if (before) {
            out.unsigned(event.start().minus(event.before()));
        }
        lsn(event.end());
        xid(event.xid());
        time(event.timeMicros());
        if (gid != null) {
            out.text(gid);
        }
        database(event.databaseOid());
        if (subxids) {
            out.list(event.subxids(), (o, subxid) -> out.signed(subxid - event.xid()));
        }
    }

    private void rows(RowCounts rows) {
        xid(rows.xid());
        out.relation(rows.relation());
        out.octet((rows.inserted() != 0 ? 1 : 0)
                | (rows.updated() != 0 ? 2 : 0)
                | (rows.deleted() != 0 ? 4 : 0)
                | (rows.pagesWritten() != 0 ? 8 : 0));
        present(rows.inserted());
        present(rows.updated());
        present(rows.deleted());
        present(rows.pagesWritten());
    }

    private void present(long count) {
        if (count != 0) {
            out.signed(count);
        }
    }

    private void storage(StorageChange change) {
        out.octet(change.kind().code);
        xid(change.xid());
        out.relation(change.relation());
        lsn(change.at());
        out.unsigned(change.blocks());
    }

    private void openPrepared(OpenPrepared open) {
        xid(open.xid());
        out.text(open.gid());
        lsn(open.start());
        lsn(open.end());
        time(open.timeMicros());
        database(open.databaseOid());
        out.list(open.subxids(), (o, subxid) -> out.signed(subxid - open.xid()));
    }

    private void recordedGids(RecordedGids recorded) {
        xid(recorded.xid());
        out.list(recorded.gids(), (o, gid) -> out.text(gid));
    }

    private void relation(RelationObservation relation) {
        lsn(relation.at());
        database(relation.databaseOid());
        out.text(relation.database());
        out.id(relation.oid());
        out.text(relation.schema());
        out.text(relation.name());
        out.unsigned(relation.kind());
        out.relation(relation.file());
        out.id(relation.toastOf());
        out.flag(relation.primaryKey());
    }

    private void parameters(ParameterChange change) {
        lsn(change.at());
        out.unsigned(change.maxConnections());
        out.unsigned(change.maxWorkerProcesses());
        out.unsigned(change.maxWalSenders());
        out.unsigned(change.maxPreparedTransactions());
        out.unsigned(change.maxLocksPerTransaction());
        out.unsigned(change.walLevel());
        out.flag(change.walLogHints());
        out.flag(change.trackCommitTimestamp());
    }
}
