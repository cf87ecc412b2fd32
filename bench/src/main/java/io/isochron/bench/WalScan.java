package io.isochron.bench;

import io.isochron.wal.ChangeHandler;
import io.isochron.wal.Lsn;
import io.isochron.wal.RecordHandler;
import io.isochron.wal.RelationChange;
import io.isochron.wal.RelationChanges;
import io.isochron.wal.RelationFile;
import io.isochron.wal.TransactionEvents;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFileName;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalReader;
import io.isochron.wal.WalRecord;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * One pass over WAL segment files in one thread: checks and takes apart every record, counts it as {@code pg_waldump --stats=record} does,
 * and decodes what the index is made of: the ends of transactions, rows and storage that change.
 */
final class WalScan implements ChangeHandler {
    private static final int KINDS = 256 * 16;

    private final WalReader reader;
    private final WalFormat format;
    private final int segmentBytes;
    private final long[] records = new long[KINDS];
    private final long[] recordBytes = new long[KINDS];
    private final long[] imageBytes = new long[KINDS];
    private long changes;
    private long events;

    WalScan(WalFormat format, int segmentBytes, Lsn start) {
        this.segmentBytes = segmentBytes;
        this.reader = new WalReader(format, segmentBytes, start, WalReader.StartMode.RECORD_BOUNDARY);
        this.format = format;
    }

    /** Reads the segment files of timeline 1 from a segment's start to another's. Nothing else may change them meanwhile: they are mapped. */
    void files(Path directory, Lsn end) throws IOException, WalDamagedException {
        RecordHandler handler = this::record;
        while (reader.fed().isBefore(end)) {
            WalFileName file = WalFileName.holding(1, reader.fed(), segmentBytes);
            try (FileChannel channel = FileChannel.open(directory.resolve(file.name()));
                    Arena mapping = Arena.ofConfined()) {
                if (channel.size() < segmentBytes) {
                    throw new IOException("segment file '" + file.name() + "' is too short");
                }
                reader.feed(
                        reader.fed(),
                        channel.map(FileChannel.MapMode.READ_ONLY, 0, segmentBytes, mapping)
                                .asByteBuffer(),
                        handler);
            }
        }
    }

    @Override
    public void rowsInserted(RelationFile relation, int rows) {
        changes++;
    }

    @Override
    public void rowUpdated(RelationFile relation, boolean hot) {
        changes++;
    }

    @Override
    public void rowDeleted(RelationFile relation, long block, int offset, boolean movedToOtherPartition) {
        changes++;
    }

    @Override
    public void change(RelationChange change) {
        changes++;
    }

    private void record(WalRecord record) throws WalDamagedException {
        int kind = record.rmgr() << 4 | record.info() >> 4;
        int images = record.imageBytes();
        records[kind]++;
        recordBytes[kind] += record.length() - images;
        imageBytes[kind] += images;
        if (TransactionEvents.decode(format, record).isPresent()) {
            events++;
        }
        RelationChanges.decode(format, record, this);
    }

    long records() {
        return sum(records);
    }

    /** Bytes of records without their page images, as pg_waldump counts them. */
    long recordBytes() {
        return sum(recordBytes);
    }

    long imageBytes() {
        return sum(imageBytes);
    }

    /** Ends and preparations of transactions. */
    long events() {
        return events;
    }

    /** Changes of rows and storage. */
    long changes() {
        return changes;
    }

    private static long sum(long[] values) {
        long sum = 0;
        for (long value : values) {
            sum += value;
        }
        return sum;
    }

    /** A line for each kind of record that occurs: resource manager, kind, count, bytes, bytes of images. */
    String table() {
        StringBuilder table = new StringBuilder();
        for (int kind = 0; kind < KINDS; kind++) {
            if (records[kind] > 0) {
                table.append("%3d/%02X %12d %14d %14d%n"
                        .formatted(kind >> 4, (kind & 15) << 4, records[kind], recordBytes[kind], imageBytes[kind]));
            }
        }
        return table.toString();
    }
}
