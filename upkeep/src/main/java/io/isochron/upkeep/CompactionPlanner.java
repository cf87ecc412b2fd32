package io.isochron.upkeep;

import io.isochron.store.WalRange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds what is to be compacted in the pieces of one timeline, given in the order of their names, one after the other; holds only those of the piece to be made. Runs of small pieces without a hole
 * between them become one piece, as long as it may be; what lies within a larger piece already goes.
 */
final class CompactionPlanner {
    /** Takes what is to be done. */
    interface Sink {
        void accept(CompactionTask task) throws IOException;
    }

    private final CompactionOptions options;
    /** Where settled WAL ends; empty: all of the timeline is settled. */
    private final Optional<Long> limit;

    private final Sink sink;
    private final List<WalRange> run = new ArrayList<>();
    private long runEnd;
    /** The last piece that is long enough, and what was found within it. */
    private @Nullable WalRange large;

    private List<WalRange> within = new ArrayList<>();

    CompactionPlanner(CompactionOptions options, Optional<Long> limit, Sink sink) {
        this.options = options;
        this.limit = limit;
        this.sink = sink;
    }

    private static boolean above(long one, long other) {
        return Long.compareUnsigned(one, other) > 0;
    }

    /**
     * Takes the next piece.
     *
     * @return false if neither it nor any that follows can be compacted yet
     */
    boolean next(WalRange piece) throws IOException {
        if (limit.isPresent() && above(piece.start(), limit.get())) {
            return false;
        }
        if (limit.isPresent() && above(piece.end(), limit.get())) {
            // it reaches into what is not settled; a later one may still end before
            return true;
        }
        if (large != null && !above(piece.end(), large.end())) {
            within.add(piece);
            if (within.size() == options.piecesMax()) {
                flushLarge();
            }
            return true;
        }
        if (piece.bytes() >= options.pieceBytes() / 2) {
            takeLarge(piece);
            return true;
        }
        boolean apart = run.isEmpty() || above(piece.start(), runEnd);
        if (apart
                || run.size() == options.piecesMax()
                || piece.end() - run.getFirst().start() > options.pieceBytes()) {
            closeRun();
            runEnd = piece.end();
        }
        run.add(piece);
        runEnd = above(piece.end(), runEnd) ? piece.end() : runEnd;
        return true;
    }

    /** Shorter ones that begin where it does came before it. */
    private void takeLarge(WalRange piece) throws IOException {
        List<WalRange> sameStart = new ArrayList<>();
        while (!run.isEmpty() && run.getLast().start() == piece.start()) {
            sameStart.addFirst(run.removeLast());
        }
        closeRun();
        WalRange before = large;
        if (before != null && before.start() == piece.start()) {
            sameStart.addAll(within);
            sameStart.add(before);
            within = new ArrayList<>();
        }
        flushLarge();
        large = piece;
        within = sameStart;
    }

    private void flushLarge() throws IOException {
        WalRange into = large;
        if (into != null && !within.isEmpty()) {
            sink.accept(new CompactionTask.Sweep(into, within));
            within = new ArrayList<>();
        }
    }

    /** Nothing can be added to the run any more. */
    private void closeRun() throws IOException {
        List<WalRange> pieces = List.copyOf(run);
        run.clear();
        if (pieces.size() < 2) {
            return;
        }
        // what was left undone comes first: a store that removes nothing is found out by it before anything new is
        // written
        flushLarge();
        long start = pieces.getFirst().start();
        long end = start;
        for (WalRange piece : pieces) {
            end = above(piece.end(), end) ? piece.end() : end;
        }
        for (WalRange piece : pieces) {
            if (piece.start() == start && piece.end() == end) {
                sink.accept(new CompactionTask.Sweep(
                        piece, pieces.stream().filter(one -> !one.equals(piece)).toList()));
                return;
            }
        }
        sink.accept(new CompactionTask.Merge(pieces));
    }

    /** No piece follows, or none that is settled. */
    void end() throws IOException {
        flushLarge();
        large = null;
        boolean worth = limit.isEmpty()
                || run.size() >= options.tailPieces()
                || (!run.isEmpty() && runEnd - run.getFirst().start() >= options.pieceBytes() / 2);
        if (worth) {
            closeRun();
        }
        run.clear();
    }
}
