package io.isochron.bench;

import io.isochron.wal.BlockReference;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationChange;
import io.isochron.wal.RelationChanges;
import io.isochron.wal.TransactionEvents;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalFileName;
import io.isochron.wal.WalFormat;
import io.isochron.wal.WalReader;
import io.isochron.wal.WalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * One pass over WAL segment files in one thread: checks and takes apart every record, counts it as {@code pg_waldump --stats=record} does,
 * and decodes what the index is made of: the ends of transactions, rows and storage that change.
 */
final class WalScan {
    private static final int KINDS = 256 * 16;
    private static final int PIECE_BYTES = 64 * 1024;

    private final WalReader reader;
    private final WalFormat format;
    private final int segmentBytes;
    private final long[] records = new long[KINDS];
    private final long[] recordBytes = new long[KINDS];
    private final long[] imageBytes = new long[KINDS];
    private long changes;
    private long events;
    private final Consumer<RelationChange> changed = this::changed;

    WalScan(WalFormat format, int segmentBytes, Lsn start) {
        this.segmentBytes = segmentBytes;
        this.reader = new WalReader(format, segmentBytes, start, WalReader.StartMode.RECORD_BOUNDARY);
        this.format = format;
    }

    /** Reads the segment files of timeline 1 from a segment's start to another's. */
    void files(Path directory, Lsn end) throws IOException, WalDamagedException {
        byte[] piece = new byte[PIECE_BYTES];
        while (reader.fed().isBefore(end)) {
            WalFileName file = WalFileName.holding(1, reader.fed(), segmentBytes);
            try (FileChannel channel = FileChannel.open(directory.resolve(file.name()))) {
                ByteBuffer buffer = ByteBuffer.wrap(piece);
                while (channel.read(buffer) > 0) {
                    buffer.flip();
                    reader.feed(reader.fed(), buffer, this::record);
                    buffer.clear();
                }
            }
            if (reader.fed().isBefore(file.end())) {
                throw new IOException("segment file '" + file.name() + "' is too short");
            }
        }
    }

    private void changed(RelationChange change) {
        changes++;
    }

    private void record(WalRecord record) throws WalDamagedException {
        int kind = record.rmgr() << 4 | record.info() >> 4;
        int images = 0;
        List<BlockReference> blocks = record.blocks();
        for (int i = 0; i < blocks.size(); i++) {
            images += blocks.get(i).imageLength();
        }
        records[kind]++;
        recordBytes[kind] += record.length() - images;
        imageBytes[kind] += images;
        if (TransactionEvents.decode(format, record).isPresent()) {
            events++;
        }
        RelationChanges.decode(format, record, changed);
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
