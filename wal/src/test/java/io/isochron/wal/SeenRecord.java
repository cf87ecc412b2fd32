package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** What the reader and the decoders made of a record, as it can be held against an {@link OracleRecord}. */
record SeenRecord(
        Lsn start,
        Lsn end,
        Lsn previous,
        int xid,
        int rmgr,
        int info,
        int length,
        int fullPageImageBytes,
        int mainBytes,
        List<String> blocks,
        List<TransactionEvent> events,
        List<RelationChange> changes) {
    static SeenRecord of(WalFormat format, WalRecord record) throws WalDamagedException {
        List<String> blocks = new ArrayList<>();
        int images = 0;
        for (BlockReference block : record.blocks()) {
            images += block.imageLength();
            blocks.add(block.id() + " " + block.relation() + " " + block.fork() + " " + block.block()
                    + (block.hasImage() ? block.imageApplied() ? " image" : " image for checks" : ""));
        }
        assertThat(record.imageBytes()).as(record.toString()).isEqualTo(images);
        List<RelationChange> changes = new ArrayList<>();
        RelationChanges.decode(format, record, changes::add);
        return new SeenRecord(
                record.start(),
                record.end(),
                record.previous(),
                record.xid(),
                record.rmgr(),
                record.info(),
                record.length(),
                images,
                record.mainData().remaining(),
                List.copyOf(blocks),
                TransactionEvents.decode(format, record).stream().toList(),
                List.copyOf(changes));
    }
}
