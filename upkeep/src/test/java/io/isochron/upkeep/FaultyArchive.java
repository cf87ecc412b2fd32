package io.isochron.upkeep;

import static io.isochron.upkeep.ArchiveTruth.SHARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.capture.OfflineCapture;
import io.isochron.objects.FaultyScheduleStore.Fault;
import io.isochron.objects.ReplicatedStore.Role;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Garbage;
import io.isochron.store.Horizon;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.RetentionPromise;
import io.isochron.store.RetentionRecord;
import io.isochron.store.RetentionRecord.Floor;
import io.isochron.store.ShardIdentity;
import io.isochron.store.ShardSnapshotWriter;
import io.isochron.store.SnapshotOptions;
import io.isochron.store.SnapshotWriter;
import io.isochron.upkeep.ArchiveTruth.Shot;
import io.isochron.upkeep.ArchiveTruth.State;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A small archive that the product's own classes write through stores that fail, in processes that are killed and started again. */
final class FaultyArchive implements AutoCloseable {
    private static final Instant BEGIN = Instant.parse("2027-03-01T00:00:00Z");
    private static final SnapshotOptions OPTIONS = new SnapshotOptions(1, 64 << 10);

    final ArchiveTruth truth;
    final List<FaultyProcess.Place> places = new ArrayList<>();
    final int confirmations;
    final RepositoryKey key;
    private final Random random;
    private final Map<Fault, Double> chances;
    private final Map<Fault, Double> readers;
    private final Map<Fault, Integer> happened = new EnumMap<>(Fault.class);
    private Instant now = BEGIN;
    private @Nullable FaultyProcess process;
    private @Nullable Repository repository;
    private @Nullable OfflineCapture capture;

    FaultyArchive(RepositoryKey key, Random random, Map<Fault, Double> chances) throws IOException {
        this.key = key;
        this.random = random;
        this.readers = chances;
        this.chances = new EnumMap<>(chances);
        this.truth = new ArchiveTruth(new Random(random.nextLong()));
        int copies = random.nextInt(5) < 3 ? 1 : 2 + random.nextInt(2);
        for (int i = 0; i < copies; i++) {
            places.add(new FaultyProcess.Place());
        }
        if (copies > 1) {
            // what one copy is filled with from another is not authenticated on the way (docs/copies.md)
            this.chances.remove(Fault.FLIPPED_BIT);
        }
        this.confirmations = copies == 1 ? 1 : 1 + random.nextInt(copies);
        ClusterIdentity cluster = new ClusterIdentity(
                new UUID(1, 2),
                "made",
                List.of(new ShardIdentity(
                        SHARD, ArchiveTruth.SYSTEM, 17, io.isochron.capture.MadeServer.SEGMENT_BYTES)));
        try (FaultyProcess init = process(Map.of(), 0, Role.WRITER)) {
            Repository.init(init.store(), key, cluster, BEGIN);
            if (init.store() instanceof io.isochron.objects.ReplicatedStore copied) {
                copied.settled(Duration.ofSeconds(10));
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private FaultyProcess process(Map<Fault, Double> with, long diesAt, Role role) {
        return new FaultyProcess(places, confirmations, role, with, random.nextLong(), diesAt);
    }

    /** A process that reads. */
    FaultyProcess reader(boolean faults) {
        return process(faults ? readers : Map.of(), 0, Role.READER);
    }

    Map<Fault, Integer> happened() {
        return happened;
    }

    void count(FaultyProcess of) {
        of.happened().forEach((fault, times) -> happened.merge(fault, times, Integer::sum));
    }

    private void end() throws IOException {
        FaultyProcess ended = process;
        process = null;
        repository = null;
        capture = null;
        if (ended != null) {
            ended.close();
            count(ended);
        }
    }

    /** Something that happens to the archive. */
    void step() throws Exception {
        now = now.plus(Duration.ofSeconds(20 + random.nextInt(20)));
        FaultyProcess running = running(chances, random.nextInt(3) == 0 ? 1 + random.nextInt(30) : 0);
        if (running == null) {
            return;
        }
        try {
            // without a snapshot there is nothing to restore
            running.run(() -> act(truth.published.isEmpty() ? 8 + random.nextInt(6) : random.nextInt(20)));
        } catch (IOException e) {
            // the command failed, or the session did: what comes next begins anew
            end();
        }
        if (running.dead() || random.nextInt(12) == 0) {
            end();
        }
    }

    /** The process at work, or a new one; null if its start failed. */
    private @Nullable FaultyProcess running(Map<Fault, Double> with, long diesAt) throws Exception {
        FaultyProcess known = process;
        if (known != null && capture != null) {
            return known;
        }
        FaultyProcess started = process(with, diesAt, Role.WRITER);
        process = started;
        try {
            started.run(() -> {
                Repository opened = Repository.open(started.store(), key);
                repository = opened;
                capture = new OfflineCapture(opened, SHARD, truth.server, now);
            });
        } catch (IOException e) {
            end();
            return null;
        }
        if (capture == null) {
            end();
            return null;
        }
        return started;
    }

    private void act(int what) throws Exception {
        Repository at = java.util.Objects.requireNonNull(repository);
        if (what < 11) {
            archive(1 + random.nextInt(20));
        } else if (what < 15) {
            snapshot(at);
        } else if (what < 18) {
            Compaction compaction = new Compaction(at, KnownWal.options(32 << 10), now.plus(Duration.ofDays(1)));
            compaction.run(compaction.plan(), () -> false, progress -> {});
        } else {
            expire(at);
        }
    }

    /** The server goes on, and is told what it may forget. */
    private void archive(int transactions) throws Exception {
        for (int i = 0; i < transactions; i++) {
            truth.server.transaction();
        }
        OfflineCapture running = java.util.Objects.requireNonNull(capture);
        try {
            running.archive(now);
        } finally {
            truth.confirmed(running.confirmed());
        }
    }

    private void snapshot(Repository at) throws Exception {
        Shot shot = truth.shot(random);
        try (SnapshotWriter writer = at.snapshots().begin(now, OPTIONS)) {
            truth.shots.put(writer.id(), shot);
            ShardSnapshotWriter part = writer.shard(SHARD);
            part.directory("base", 0700, 0);
            part.directory("base/5", 0700, 0);
            for (Map.Entry<String, byte[]> file : shot.files.entrySet()) {
                if (file.getKey().equals(ShardSnapshotWriter.BACKUP_MANIFEST)) {
                    part.backupManifest(new ByteArrayInputStream(file.getValue()));
                } else {
                    part.file(
                            file.getKey(), 0600, 0, file.getValue().length, new ByteArrayInputStream(file.getValue()));
                }
            }
            archive(1 + random.nextInt(5));
            shot.end = truth.server.end();
            part.finish(1, shot.start.value(), shot.end.value(), "{}");
            shot.state = State.PERHAPS;
            writer.publish("{}");
            shot.state = State.PUBLISHED;
            truth.published.add(writer.id());
        }
    }

    /** Gives up everything before the newest snapshot or the one before it. */
    private void expire(Repository at) throws IOException {
        int keep = truth.published.size() - 1 - random.nextInt(2);
        if (keep < 1) {
            return;
        }
        Shot oldest = shot(truth.published.get(keep));
        Horizon before = at.reloadHorizon();
        List<String> dropped = new ArrayList<>();
        // one listing may be stale and lack what was published long ago
        Set<String> known = new TreeSet<>(truth.published);
        known.addAll(at.snapshots().ids());
        for (String id : known) {
            Shot shot = shot(id);
            if (shot.start.isBefore(oldest.start)) {
                dropped.add(id);
            }
        }
        before.record()
                .ifPresent(record -> record.dropped().stream()
                        .filter(id -> !dropped.contains(id))
                        .forEach(dropped::add));
        RetentionRecord record = new RetentionRecord(
                before.nextNumber(),
                now,
                "test@test",
                RetentionPromise.of(Duration.ofDays(1)),
                now,
                null,
                Map.of(SHARD, new Floor(oldest.start.value(), 0, 0, 0)),
                List.of(),
                dropped,
                Map.of());
        dropped.forEach(id -> {
            if (shot(id).state != State.DROPPED) {
                shot(id).state = State.PERHAPS_DROPPED;
            }
        });
        Horizon kept = at.keepOnly(record);
        dropped.forEach(id -> shot(id).state = State.DROPPED);
        Garbage garbage = at.garbage(kept);
        garbage.each(garbage.pins(), garbage::remove);
    }

    Shot shot(String id) {
        Shot shot = truth.shots.get(id);
        assertThat(shot).as("snapshot %s, which nobody wrote", id).isNotNull();
        return java.util.Objects.requireNonNull(shot);
    }

    /** Faults have ceased: capture goes on from what is there, with a new process. */
    void heal() throws Exception {
        end();
        FaultyProcess last = running(Map.of(), 0);
        assertThat(last).as("capture that cannot start though nothing fails").isNotNull();
        archive(1);
        assertThat(truth.confirmed()).isEqualTo(truth.server.end());
        end();
    }

    @Override
    public void close() throws IOException {
        end();
    }
}
