package io.isochron.upkeep;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.store.Repository;
import io.isochron.store.StoredName;
import io.isochron.store.WalRange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Takes out of damage what another piece of WAL holds as well: a restore reads it there ({@link io.isochron.store.WalArchiveReader}). Only pieces that have bytes in common with damaged ones are read. Where pieces
 * are authentic and contradict each other nothing is taken out, since nobody can tell which of them is right.
 */
final class WalElsewhere {
    private final Repository repository;

    WalElsewhere(Repository repository) {
        this.repository = repository;
    }

    /** Positions {@code [from, to)}, unsigned. */
    private record Hole(long from, long to) {}

    /** The damage of which no other piece of WAL holds the bytes: of a damaged piece from the first position that none holds to the last one. */
    Damage only(Damage damage) throws IOException {
        Map<String, StoredName> left = new HashMap<>();
        for (Map.Entry<String, StoredName> damaged : damage.objects().entrySet()) {
            if (damaged.getValue() instanceof StoredName.Wal wal && unreadable(wal)) {
                List<Hole> holes = holes(wal);
                if (!holes.isEmpty()) {
                    left.put(
                            damaged.getKey(),
                            new StoredName.Wal(
                                    wal.shard(),
                                    wal.timeline(),
                                    holes.getFirst().from(),
                                    holes.getLast().to()));
                }
            } else {
                left.put(damaged.getKey(), damaged.getValue());
            }
        }
        return new Damage(left, damage.more());
    }

    /** Whether a reader passes over it; one that can be read was found to contradict another. */
    private boolean unreadable(StoredName.Wal wal) throws IOException {
        try {
            repository.wal().read(new WalRange(wal.shard(), wal.timeline(), wal.start(), wal.end()));
            return false;
        } catch (ObjectDamagedException | ObjectNotFoundException e) {
            return true;
        } catch (IllegalArgumentException e) {
            // a hole that is longer than any piece
            return true;
        }
    }

    private List<Hole> holes(StoredName.Wal wal) throws IOException {
        List<Hole> holes = List.of(new Hole(wal.start(), wal.end()));
        List<WalRange> others = new ArrayList<>();
        try (Stream<WalRange> listed = repository.wal().list(wal.shard(), wal.timeline(), wal.start())) {
            listed.takeWhile(piece -> Long.compareUnsigned(piece.start(), wal.end()) < 0)
                    .filter(piece -> piece.start() != wal.start() || piece.end() != wal.end())
                    .forEach(others::add);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (WalRange piece : others) {
            if (whole(piece)) {
                holes = without(holes, piece);
            }
        }
        return holes;
    }

    private boolean whole(WalRange piece) throws IOException {
        try {
            repository.wal().read(piece);
            return true;
        } catch (ObjectDamagedException | ObjectNotFoundException e) {
            return false;
        }
    }

    private static List<Hole> without(List<Hole> holes, WalRange piece) {
        List<Hole> left = new ArrayList<>();
        for (Hole hole : holes) {
            if (Long.compareUnsigned(piece.end(), hole.from()) <= 0
                    || Long.compareUnsigned(piece.start(), hole.to()) >= 0) {
                left.add(hole);
                continue;
            }
            if (Long.compareUnsigned(hole.from(), piece.start()) < 0) {
                left.add(new Hole(hole.from(), piece.start()));
            }
            if (Long.compareUnsigned(piece.end(), hole.to()) < 0) {
                left.add(new Hole(piece.end(), hole.to()));
            }
        }
        return left;
    }
}
