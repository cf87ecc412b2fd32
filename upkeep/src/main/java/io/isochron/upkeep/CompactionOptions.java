package io.isochron.upkeep;

import io.isochron.store.WalArchive;
import java.time.Duration;

/**
 * How WAL is compacted.
 *
 * @param pieceBytes the longest piece that is made, 1 to 64 MiB; pieces of half this length or more are left as they are. Compaction's memory is about three times this, and a reader's grows with it:
 *     it holds the piece at its position and the next ones
 * @param settle how old, by the chronicle's clock, WAL must be, so that what capture is at work with is left alone
 * @param piecesMax the most pieces that are made one at a time, at least 2
 * @param tailPieces the newest settled pieces are left until there are so many of them, or so many bytes as half a piece, at least 2
 */
public record CompactionOptions(int pieceBytes, Duration settle, int piecesMax, int tailPieces) {
    /** The shortest settle time. */
    public static final Duration SETTLE_MIN = Duration.ofMinutes(1);

    public CompactionOptions {
        if (pieceBytes < 1 << 10 || pieceBytes > WalArchive.MAX_OBJECT_BYTES || piecesMax < 2 || tailPieces < 2) {
            throw new IllegalArgumentException("pieces of " + pieceBytes + " bytes, of at most " + piecesMax
                    + " others, cannot be made\nhint: a piece has at most " + WalArchive.MAX_OBJECT_BYTES + " bytes");
        }
    }

    /** Pieces of 16 MiB, as long as capture's longest, of WAL that is ten minutes old. */
    public static CompactionOptions defaults() {
        return new CompactionOptions(16 << 20, Duration.ofMinutes(10), 8192, 512);
    }

    public CompactionOptions withPieceBytes(int bytes) {
        return new CompactionOptions(bytes, settle, piecesMax, tailPieces);
    }

    public CompactionOptions withSettle(Duration time) {
        return new CompactionOptions(pieceBytes, time, piecesMax, tailPieces);
    }

    /** For tests and those who know how many pieces they have. */
    public CompactionOptions withTailPieces(int pieces) {
        return new CompactionOptions(pieceBytes, settle, piecesMax, pieces);
    }
}
