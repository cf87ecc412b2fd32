package io.isochron.wal;

import io.isochron.wal.SyntheticWal.Written;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Ways to give bytes to a reader. */
final class Feeding {
    private Feeding() {}

    static WalReader reader(WalFormat format, Lsn start, WalReader.StartMode mode) {
        return new WalReader(format, SyntheticWal.SEGMENT_BYTES, start, mode);
    }

    /** Feeds all of it, in pieces of 1 to {@code maxPiece} bytes, heap and direct buffers by turns. */
    static List<Written> inPieces(WalReader reader, Lsn at, byte[] bytes, int maxPiece, Random random)
            throws WalDamagedException {
        List<Written> records = new ArrayList<>();
        inPieces(reader, at, bytes, maxPiece, random, record -> records.add(Written.of(record)));
        return records;
    }

    static void inPieces(WalReader reader, Lsn at, byte[] bytes, int maxPiece, Random random, RecordHandler handler)
            throws WalDamagedException {
        int cursor = 0;
        while (cursor < bytes.length) {
            int size = Math.min(bytes.length - cursor, 1 + random.nextInt(maxPiece));
            ByteBuffer piece = ByteBuffer.wrap(bytes, cursor, size);
            if (random.nextInt(4) == 0) {
                piece = ByteBuffer.allocateDirect(size).put(piece).flip();
            }
            reader.feed(at.plus(cursor), piece, handler);
            cursor += size;
        }
    }

    static List<Written> whole(WalReader reader, Lsn at, byte[] bytes) throws WalDamagedException {
        List<Written> records = new ArrayList<>();
        reader.feed(at, ByteBuffer.wrap(bytes), record -> records.add(Written.of(record)));
        return records;
    }
}
