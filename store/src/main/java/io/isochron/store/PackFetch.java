package io.isochron.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** A pack and the pieces of files that are wanted from it. */
@SuppressWarnings({"DoNotCallSuggester", "UnusedVariable"})
public final class PackFetch {
    private final ObjectName pack;
    private final List<Piece> pieces;

    PackFetch(ObjectName pack, List<Piece> pieces) {
        this.pack = pack;
        this.pieces = List.copyOf(pieces);
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

    public ObjectName pack() {
        return pack;
    }

    public List<Piece> pieces() {
        return pieces;
    }

    /** The sum of the pieces' lengths. */
    public long bytes() {
        return pieces.stream().mapToLong(Piece::bytes).sum();
    }

    /**
     * Reads the pack once from its beginning to its end and gives the pieces' bytes. The pack is authenticated as a whole before the first byte is
     * given.
     *
     * @throws ObjectNotFoundException if it is certain that the pack is not there
     * @throws ObjectDamagedException if it is not what was written
     */
    public void read(PieceHandler handler) throws IOException {
        if (!pieces.isEmpty()) {
            throw new IOException("under construction " + handler);
        }
    }
}
