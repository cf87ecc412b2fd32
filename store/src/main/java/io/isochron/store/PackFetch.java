package io.isochron.store;

import com.github.luben.zstd.ZstdDecompressCtx;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A pack and the pieces of files that are wanted from it. */
public final class PackFetch {
    private final SealedStore sealed;
    private final ObjectName pack;
    private final List<Piece> pieces;

    PackFetch(SealedStore sealed, ObjectName pack, List<Piece> pieces) {
        this.sealed = sealed;
        this.pack = pack;
        List<Piece> sorted = new ArrayList<>(pieces);
        sorted.sort(Comparator.comparingLong(Piece::packOffset));
        this.pieces = List.copyOf(sorted);
    }

    /**
     * A part of a file that lies in this pack.
     *
     * @param file the file it belongs to
     * @param fileOffset where it begins in the file
     * @param packOffset where it begins among the pack's uncompressed bytes
     * @param bytes its length, at least 1
     */
    public record Piece(SnapshotEntry.File file, long fileOffset, long packOffset, long bytes) {}

    /** Takes the bytes of pieces. */
    public interface PieceHandler {
        /**
         * Takes some bytes of a piece. A piece comes in one or more calls, in order, and pieces come in the order of {@link #pieces}.
         *
         * @param piece the piece they belong to
         * @param fileOffset where they begin in the file
         * @param bytes valid during the call only
         */
        void bytes(Piece piece, long fileOffset, ByteBuffer bytes) throws IOException;
    }

    /** The pack's name. */
    public ObjectName pack() {
        return pack;
    }

    /** The pieces by ascending place in the pack. */
    public List<Piece> pieces() {
        return pieces;
    }

    /** The sum of the pieces' lengths. */
    public long bytes() {
        return pieces.stream().mapToLong(Piece::bytes).sum();
    }

    /**
     * Reads the pack once from its beginning to its end and gives the pieces' bytes. The pack is authenticated as a whole before the first byte is
     * given. Needs memory for the pack as stored, twice, and 1 MiB.
     *
     * @throws ObjectNotFoundException if it is certain that the pack is not there
     * @throws ObjectDamagedException if it is not what was written
     */
    public void read(PieceHandler handler) throws IOException {
        PackContent content = PackContent.load(sealed, pack);
        byte[] raw = new byte[PackWriter.FRAME_BYTES];
        int inRaw = -1;
        try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
            for (Piece piece : pieces) {
                content.require(piece.packOffset(), piece.bytes());
                long done = 0;
                while (done < piece.bytes()) {
                    long offset = piece.packOffset() + done;
                    int frame = content.frameAt(offset);
                    if (frame != inRaw) {
                        content.uncompress(context, frame, raw);
                        inRaw = frame;
                    }
                    int inFrame = (int) (offset - content.rawStart(frame));
                    int count = (int) Math.min(piece.bytes() - done, content.rawBytes(frame) - inFrame);
                    handler.bytes(
                            piece,
                            piece.fileOffset() + done,
                            ByteBuffer.wrap(raw, inFrame, count).slice());
                    done += count;
                }
            }
        }
    }
}
