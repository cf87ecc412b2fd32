package io.isochron.upkeep;

import static io.isochron.upkeep.ArchiveTruth.SHARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.chronicle.SegmentFormatException;
import io.isochron.objects.FaultyScheduleStore.Fault;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.restore.OfflineRestore;
import io.isochron.store.Repository;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.WalGapException;
import io.isochron.upkeep.ArchiveTruth.Shot;
import io.isochron.upkeep.ArchiveTruth.State;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Restores from a {@link FaultyArchive}: what comes out is right to the byte, or there is an error that is true. */
final class FaultyReading {
    private final FaultyArchive archive;
    private final OfflineRestore restore;
    private final Random random;

    FaultyReading(FaultyArchive archive, OfflineRestore restore, Random random) {
        this.archive = archive;
        this.restore = restore;
        this.random = random;
    }

    /**
     * Restores the newest usable snapshot, or another one, and WAL up to a moment that was confirmed.
     *
     * @param folder may hold what an attempt that failed has left
     * @return why it was refused; null if all of it was restored
     */
    @Nullable
    String attempt(FaultyProcess process, Path folder) throws Exception {
        Lsn confirmed = archive.truth.confirmed();
        try {
            Repository repository = Repository.open(process.store(), archive.key);
            List<SnapshotInfo> usable = usable(repository, process);
            if (usable.isEmpty()) {
                return "no snapshot";
            }
            SnapshotInfo chosen =
                    usable.get(random.nextInt(4) == 0 ? random.nextInt(usable.size()) : usable.size() - 1);
            files(repository, chosen, folder.resolve(chosen.id()));
            chronicle(repository, confirmed);
            return wal(repository, process, chosen.shard(SHARD), confirmed);
        } catch (IOException e) {
            refusal(e, process);
            return e instanceof ObjectDamagedException ? "damage" : "no answer";
        }
    }

    /** Snapshots that could serve, oldest first, after a look at whether they may be seen and none is missing. */
    private List<SnapshotInfo> usable(Repository repository, FaultyProcess process) throws IOException {
        List<SnapshotInfo> listed = repository.snapshots().list();
        List<String> ids = listed.stream().map(SnapshotInfo::id).toList();
        archive.truth.shots.forEach((id, shot) -> {
            if (shot.state == State.PUBLISHED && process.happened(Fault.STALE_LIST) == 0) {
                assertThat(ids).as("a snapshot that was published").contains(id);
            }
        });
        List<SnapshotInfo> usable = new ArrayList<>();
        long floor = repository.horizon().floor(SHARD).wal();
        for (SnapshotInfo info : listed) {
            Shot shot = archive.shot(info.id());
            assertThat(shot.state)
                    .as("snapshot %s is seen", info.id())
                    .isIn(State.PERHAPS, State.PUBLISHED, State.PERHAPS_DROPPED);
            ShardSnapshot part = info.shard(SHARD);
            assertThat(part.startLsn()).isEqualTo(shot.start.value());
            assertThat(part.endLsn()).isEqualTo(shot.end.value());
            if (part.startLsn() >= floor && !shot.end.isAfter(archive.truth.confirmed())) {
                usable.add(info);
            }
        }
        return usable;
    }

    private void files(Repository repository, SnapshotInfo info, Path target) throws Exception {
        restore.files(repository.snapshots().open(info.id()), SHARD, target);
        Path data = OfflineRestore.data(target, SHARD);
        Map<String, byte[]> right = new TreeMap<>(archive.shot(info.id()).files);
        try (Stream<Path> written = Files.walk(data)) {
            for (Path path : (Iterable<Path>) written.filter(Files::isRegularFile)::iterator) {
                String name = data.relativize(path).toString();
                byte @Nullable [] bytes = right.remove(name);
                assertThat(bytes).as("restored %s, which there was not", name).isNotNull();
                assertThat(Files.readAllBytes(path)).as("restored %s", name).isEqualTo(bytes);
            }
        }
        assertThat(right.keySet()).as("files that a restore left out").isEmpty();
    }

    /** A cut is computed from the chronicle: it reaches as far as the server was told. */
    private static void chronicle(Repository repository, Lsn confirmed) throws IOException {
        OptionalLong last = repository.chronicle().lastSequence(SHARD);
        Lsn end = new Lsn(16L << 20);
        try {
            if (last.isPresent()) {
                Segment segment = SegmentCodec.decode(repository.chronicle().read(SHARD, last.getAsLong()));
                end = segment.end();
            }
        } catch (SegmentFormatException e) {
            throw new AssertionError(e);
        }
        assertThat(end).as("the end of the chronicle").isGreaterThanOrEqualTo(confirmed);
    }

    private @Nullable String wal(Repository repository, FaultyProcess process, ShardSnapshot part, Lsn confirmed)
            throws IOException {
        long end = part.endLsn();
        Lsn target = random.nextBoolean() ? confirmed : new Lsn(end + random.nextLong(confirmed.value() - end + 1));
        int stale = process.happened(Fault.STALE_LIST);
        try {
            long reaches = repository.wal().contiguousEnd(SHARD, part.timeline(), part.startLsn());
            if (reaches < target.value()) {
                believed(process, stale, "wal ends at " + new Lsn(reaches));
                return "wal ends";
            }
            byte[] bytes = OfflineRestore.wal(repository, part, target);
            assertThat(bytes)
                    .as("wal from %s to %s", new Lsn(part.startLsn()), target)
                    .isEqualTo(archive.truth.server.bytes(part.startLsn(), target.value()));
            return null;
        } catch (WalGapException e) {
            assertThat(e).hasMessageContaining(SHARD);
            believed(process, stale, e.getMessage());
            return "gap";
        } catch (io.isochron.restore.RestoreException e) {
            assertThat(e).hasMessageContaining(SHARD).hasMessageContaining(" ends at ");
            believed(process, stale, e.getMessage());
            return "wal ends";
        }
    }

    /** One list that lacks something is never believed: only a second one makes a hole of it. */
    private static void believed(FaultyProcess process, int staleBefore, @Nullable String claim) {
        assertThat(process.happened(Fault.STALE_LIST) - staleBefore)
                .as("lists that lacked something, though it was claimed that %s", claim)
                .isGreaterThanOrEqualTo(2);
    }

    /** What is certain must be true, and what is not must have a reason. */
    private void refusal(IOException e, FaultyProcess process) {
        assertThat(e.getMessage()).as("why it ended").isNotBlank();
        assertThat(process.happened()).as("no fault, and yet: %s", e).isNotEmpty();
        switch (e) {
            case ObjectDamagedException damaged -> {
                assertThat(damaged).hasMessageContaining(damaged.name().value());
                assertThat(process.happened(Fault.FLIPPED_BIT)).as("%s", e).isPositive();
            }
            case ObjectNotFoundException absent -> {
                long without = archive.places.stream()
                        .filter(place -> !place.memory().objects.containsKey(absent.name()))
                        .count();
                assertThat(without)
                        .as("copies without %s, which is said to be absent", absent.name())
                        .isGreaterThan(archive.places.size() - archive.confirmations);
                throw new AssertionError("something that a restore needs is missing", e);
            }
            case io.isochron.restore.RestoreException contradiction ->
                throw new AssertionError("what is authentic contradicts itself", contradiction);
            default ->
                assertThat(process.happened()).as("no fault, and yet: %s", e).isNotEmpty();
        }
    }
}
