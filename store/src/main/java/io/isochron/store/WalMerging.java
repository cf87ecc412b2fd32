package io.isochron.store;

import io.isochron.objects.CrashPoint;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.StoreRefusedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Puts a larger piece of WAL in the place of small ones. A small one goes only after the larger one was read back from the store, authenticated and found to hold the same bytes, and only if the larger one
 * holds more than it. So of all pieces that ever held a position, one that lies within no other is never removed here, whoever else does the same at the same time (docs/adr/0022).
 *
 * <p>Memory: the bytes of the larger piece twice, as stored once, and at most {@value #BATCH_BYTES} bytes (or one piece) of the small ones.
 */
public final class WalMerging {
    private static final int BATCH_PIECES = 16;
    private static final int BATCH_BYTES = 8 << 20;

    private final WalArchive archive;

    WalMerging(WalArchive archive) {
        this.archive = archive;
    }

    /** What came of it. */
    public enum Outcome {
        /** The larger piece stands alone. */
        DONE,
        /** Pieces went away while this looked at them: somebody else compacts, or they expired. Nothing was done; a new listing shows what is there. */
        CHANGED,
    }

    /** The store removes nothing, or not yet: the larger piece is there and verified, and small ones that it holds stay. */
    public static final class NotRemovedException extends IOException {
        private static final long serialVersionUID = 1L;

        NotRemovedException(WalRange piece, StoreRefusedException cause) {
            super(
                    "wal of shard " + piece.shard() + " from " + Names.lsn(piece.start()) + " to "
                            + Names.lsn(piece.end()) + " cannot be removed: " + cause.getMessage(),
                    cause);
        }
    }

    /**
     * Writes one piece that holds what several hold, then removes these.
     *
     * @param sources at least two, by ascending start, without a hole between them, together at most {@link WalArchive#MAX_OBJECT_BYTES} long, none of them as long as all
     * @throws ObjectDamagedException if one is damaged, or two that overlap differ, or what was written reads back otherwise; nothing was removed
     * @throws NotRemovedException if the store refuses to remove one
     */
    public Outcome merge(List<WalRange> sources) throws IOException {
        WalRange into = union(sources);
        byte[] bytes;
        try {
            bytes = joined(into, sources);
        } catch (ObjectNotFoundException e) {
            return Outcome.CHANGED;
        }
        CrashPoint.reached("compact.read");
        try {
            archive.write(into, ByteBuffer.wrap(bytes));
        } catch (ObjectExistsException e) {
            // somebody else wrote it, or this did before it was killed: it is read back like one's own
        }
        CrashPoint.reached("compact.written");
        try {
            if (!ByteBuffer.wrap(archive.readEverywhere(into)).equals(ByteBuffer.wrap(bytes))) {
                throw differs(into, sources.getFirst());
            }
        } catch (ObjectNotFoundException e) {
            return Outcome.CHANGED;
        }
        CrashPoint.reached("compact.verified");
        remove(sources);
        return Outcome.DONE;
    }

    /**
     * Removes pieces that another one holds whole, such as a merge left that was killed.
     *
     * @param into the one that stays
     * @param covered pieces within it, none of them as long
     * @throws ObjectDamagedException if one is damaged or differs; nothing was removed
     * @throws NotRemovedException if the store refuses to remove one
     */
    public Outcome sweep(WalRange into, List<WalRange> covered) throws IOException {
        for (WalRange piece : covered) {
            requireWithin(into, piece);
        }
        byte[] bytes;
        try {
            bytes = archive.readEverywhere(into);
        } catch (ObjectNotFoundException e) {
            return Outcome.CHANGED;
        }
        List<WalRange> there = new ArrayList<>();
        for (List<WalRange> batch : batches(covered)) {
            List<byte @Nullable []> contents = read(batch);
            for (int i = 0; i < batch.size(); i++) {
                WalRange piece = batch.get(i);
                byte @Nullable [] content = contents.get(i);
                if (content == null) {
                    continue;
                }
                int offset = (int) (piece.start() - into.start());
                if (!ByteBuffer.wrap(bytes, offset, piece.bytes()).equals(ByteBuffer.wrap(content))) {
                    throw differs(into, piece);
                }
                there.add(piece);
            }
        }
        CrashPoint.reached("compact.compared");
        remove(there);
        return Outcome.DONE;
    }

    private static WalRange union(List<WalRange> sources) {
        WalRange first = sources.getFirst();
        long end = first.end();
        for (WalRange source : sources) {
            if (!source.shard().equals(first.shard())
                    || source.timeline() != first.timeline()
                    || Long.compareUnsigned(source.start(), first.start()) < 0
                    || Long.compareUnsigned(source.start(), end) > 0) {
                throw new IllegalArgumentException(source + " does not follow what reaches to " + Names.lsn(end));
            }
            end = Long.compareUnsigned(source.end(), end) > 0 ? source.end() : end;
        }
        WalRange union = new WalRange(first.shard(), first.timeline(), first.start(), end);
        sources.forEach(source -> requireWithin(union, source));
        return union;
    }

    private static void requireWithin(WalRange into, WalRange piece) {
        if (!piece.shard().equals(into.shard())
                || piece.timeline() != into.timeline()
                || piece.bytes() >= into.bytes()
                || Long.compareUnsigned(piece.start(), into.start()) < 0
                || Long.compareUnsigned(piece.end(), into.end()) > 0) {
            throw new IllegalArgumentException(piece + " is not a part of " + into);
        }
    }

    private byte[] joined(WalRange into, List<WalRange> sources) throws IOException {
        byte[] bytes = new byte[into.bytes()];
        int filled = 0;
        for (List<WalRange> batch : batches(sources)) {
            List<byte @Nullable []> contents = read(batch);
            for (int i = 0; i < batch.size(); i++) {
                WalRange piece = batch.get(i);
                byte @Nullable [] content = contents.get(i);
                if (content == null) {
                    throw new ObjectNotFoundException(archive.name(piece), archive.describe());
                }
                int offset = (int) (piece.start() - into.start());
                int known = Math.min(filled - offset, content.length);
                if (!ByteBuffer.wrap(bytes, offset, known).equals(ByteBuffer.wrap(content, 0, known))) {
                    throw new ObjectDamagedException(
                            archive.name(piece),
                            "its bytes differ from those of pieces that overlap it; it was not compacted");
                }
                System.arraycopy(content, known, bytes, offset + known, content.length - known);
                filled = Math.max(filled, offset + content.length);
            }
        }
        if (filled != bytes.length) {
            throw new IllegalStateException(into + " was filled up to " + filled + " bytes");
        }
        return bytes;
    }

    private ObjectDamagedException differs(WalRange into, WalRange piece) {
        return new ObjectDamagedException(
                archive.name(into),
                "its bytes differ from those of the smaller pieces that it holds, the first at "
                        + Names.lsn(piece.start()) + "; these were not removed");
    }

    private static List<List<WalRange>> batches(List<WalRange> pieces) {
        List<List<WalRange>> batches = new ArrayList<>();
        List<WalRange> batch = new ArrayList<>();
        long bytes = 0;
        for (WalRange piece : pieces) {
            if (!batch.isEmpty() && (batch.size() == BATCH_PIECES || bytes + piece.bytes() > BATCH_BYTES)) {
                batches.add(batch);
                batch = new ArrayList<>();
                bytes = 0;
            }
            batch.add(piece);
            bytes += piece.bytes();
        }
        if (!batch.isEmpty()) {
            batches.add(batch);
        }
        return batches;
    }

    /** Contents in the order of the pieces; null for one that is certainly not there. */
    private List<byte @Nullable []> read(List<WalRange> batch) throws IOException {
        return together(batch, piece -> {
            try {
                return archive.read(piece);
            } catch (ObjectNotFoundException e) {
                return null;
            }
        });
    }

    /** The first one alone, so that a store that refuses it is not asked for all the others. */
    private void remove(List<WalRange> pieces) throws IOException {
        if (pieces.isEmpty()) {
            return;
        }
        remove(pieces.getFirst());
        CrashPoint.reached("compact.removed-first");
        List<WalRange> others = pieces.subList(1, pieces.size());
        for (int from = 0; from < others.size(); from += BATCH_PIECES) {
            together(others.subList(from, Math.min(others.size(), from + BATCH_PIECES)), piece -> {
                remove(piece);
                CrashPoint.reached("compact.removed");
                return new byte[0];
            });
        }
        CrashPoint.reached("compact.done");
    }

    private void remove(WalRange piece) throws IOException {
        try {
            archive.remove(piece);
        } catch (ObjectNotFoundException e) {
            // somebody else removed it
        } catch (StoreRefusedException e) {
            throw new NotRemovedException(piece, e);
        }
    }

    private interface Request {
        byte @Nullable [] of(WalRange piece) throws IOException;
    }

    /** Makes a few requests at once, waits for all, then throws what the first one to fail threw. */
    private static List<byte @Nullable []> together(List<WalRange> pieces, Request request) throws IOException {
        List<FutureTask<byte @Nullable []>> tasks = new ArrayList<>();
        for (WalRange piece : pieces) {
            FutureTask<byte @Nullable []> task = new FutureTask<>(() -> request.of(piece));
            tasks.add(task);
            Thread.ofVirtual().name("isochron-compact").start(task);
        }
        List<byte @Nullable []> results = new ArrayList<>();
        @Nullable IOException failure = null;
        for (FutureTask<byte @Nullable []> task : tasks) {
            try {
                results.add(task.get());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof IOException io)) {
                    throw new IllegalStateException("compacting wal failed", e.getCause());
                }
                failure = failure == null ? io : failure;
            } catch (InterruptedException e) {
                tasks.forEach(one -> one.cancel(true));
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("compacting wal was interrupted");
            }
        }
        if (failure != null) {
            throw failure;
        }
        return results;
    }
}
