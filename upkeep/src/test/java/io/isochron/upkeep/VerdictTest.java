package io.isochron.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.RecoverableRange;
import io.isochron.chronicle.Target;
import io.isochron.objects.CopyListener;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ReplicatedStore;
import io.isochron.restore.PlanOptions;
import io.isochron.restore.PlanRefusedException;
import io.isochron.restore.RestorePlan;
import io.isochron.restore.RestorePlanner;
import io.isochron.restore.SnapshotChoice;
import io.isochron.store.Finding;
import io.isochron.store.LeaseHolder;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies;
import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.store.RepositoryKey;
import io.isochron.store.RetentionPromise;
import io.isochron.store.Sampling;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.VerifyScope;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the verdict says can be restored is what the planner plans, and nothing else. */
class VerdictTest {
    /** A range begins when the segment with its snapshot's end was complete. */
    private static final Duration SEGMENT = Duration.ofMinutes(1);

    private final MemoryStore store = new MemoryStore();
    private final RepositoryKey key = RepositoryKey.random();
    private String refused = "";
    private List<CopyFinding> found = List.of();

    /** Some hours, with a snapshot at the beginning of each. */
    private MadeArchive archive(int snapshots) throws IOException {
        MadeArchive archive = new MadeArchive(store, key);
        archive.run(10, MadeArchive.SHARDS);
        for (int i = 0; i < snapshots; i++) {
            archive.written(MadeArchive.SHARDS, true).close();
            archive.run(58, MadeArchive.SHARDS);
        }
        return archive;
    }

    private Repository open() throws IOException {
        return Repository.open(store, key);
    }

    private Verdict verdict() throws IOException {
        Repository repository = open();
        List<CopyFinding> findings = new ArrayList<>();
        repository.verify(
                VerifyScope.ALL,
                Sampling.ALL,
                Understood::segment,
                finding -> findings.add(new CopyFinding("", finding)));
        found = findings;
        return new VerdictFinder(repository).find(Damage.of(repository.cluster(), findings, 1, false));
    }

    private static boolean holds(List<RecoverableRange> ranges, Instant moment) {
        return ranges.stream().anyMatch(range -> !moment.isBefore(range.from()) && !moment.isAfter(range.to()));
    }

    private boolean planned(Instant moment) {
        try {
            new RestorePlanner(open()).plan(new Target.Time(moment), PlanOptions.defaults());
            return true;
        } catch (IOException e) {
            refused = String.valueOf(e.getMessage());
            return false;
        }
    }

    private ObjectName object(Random random, String prefix) {
        List<ObjectName> names = store.objects.keySet().stream()
                .filter(name -> name.value().startsWith(prefix))
                .toList();
        return names.get(random.nextInt(names.size()));
    }

    @Test
    void whatIsMissingTakesAwayWhatThePlannerCannotPlanAndNoMore() throws Exception {
        MadeArchive archive = archive(4);
        MemoryStore whole = new MemoryStore();
        whole.objects.putAll(store.objects);
        Random random = new Random(Seeds.seed());
        List<String> kinds = List.of("pack/", "manifest/", "snapshot/", "wal/s0001/", "wal/s0002/", "chronicle/s0001/");
        for (int round = 0; round < 6; round++) {
            store.objects.clear();
            store.objects.putAll(whole.objects);
            List<ObjectName> gone = new ArrayList<>();
            for (int i = random.nextInt(3); i >= 0; i--) {
                gone.add(object(random, kinds.get((round + i) % kinds.size())));
                if (gone.getLast().value().startsWith("chronicle/")
                        || (gone.getLast().value().startsWith("snapshot/") && random.nextBoolean())) {
                    // a hole in the chronicle's numbers would leave nothing to be said at all
                    flip(gone.getLast());
                } else {
                    store.objects.remove(gone.getLast());
                }
            }
            Verdict verdict = verdict();
            assertThat(verdict.unknown()).as("without %s", gone).isEmpty();
            for (int i = 0; i < 8; i++) {
                // the very end is not certain yet, which is told by another message
                long seconds = ChronoUnit.SECONDS.between(MadeArchive.BEGIN, archive.instant()) - 300;
                Instant moment = MadeArchive.BEGIN.plusSeconds(random.nextLong(seconds));
                boolean restorable = holds(verdict.restorable(), moment);
                boolean planned = planned(moment);
                // what a missing object takes away is told with a margin
                boolean near = !planned
                        || verdict.except().stream()
                                .anyMatch(except -> !moment.isBefore(except.from())
                                        && !moment.isAfter(except.to())
                                        && except.because().stream().anyMatch(name -> !name.startsWith("pack/")));
                assertThat(restorable ? planned : near || holds(verdict.restorable(), moment.plus(SEGMENT)))
                        .as(
                                "without %s, %s: restorable %s, planned %s (%s), %s",
                                gone, moment, restorable, planned, refused, verdict)
                        .isTrue();
            }
        }
    }

    @Test
    void aSnapshotWhosePublishingObjectIsDamagedIsNamedForWhatOnlyItServed() throws Exception {
        MadeArchive archive = archive(3);
        Instant late = archive.instant().minus(Duration.ofMinutes(10));
        List<String> ids = archive.repository.snapshots().list().stream()
                .map(SnapshotInfo::id)
                .toList();
        Verdict whole = verdict();
        RecoverableRange all = whole.restorable().getFirst();
        assertThat(whole.restorable()).hasSize(1);
        MemoryStore saved = new MemoryStore();
        saved.objects.putAll(store.objects);

        // what an older one reaches is not lost
        for (String id : ids.subList(1, 3)) {
            store.objects.putAll(saved.objects);
            flip(new ObjectName("snapshot/" + id));
            Verdict verdict = verdict();
            assertThat(verdict.restorable()).isEqualTo(whole.restorable());
            assertThat(verdict.except()).isEmpty();
        }

        store.objects.putAll(saved.objects);
        ObjectName first = new ObjectName("snapshot/" + ids.getFirst());
        flip(first);
        Verdict verdict = verdict();
        assertThat(verdict.except()).singleElement().satisfies(except -> {
            assertThat(except.from()).isEqualTo(all.from());
            assertThat(except.because()).containsExactly(first.value());
            assertThat(verdict.restorable())
                    .containsExactly(new RecoverableRange(except.to().plus(1, ChronoUnit.MICROS), all.to()));
            assertThat(planned(except.to().minus(SEGMENT))).isFalse();
            assertThat(planned(except.to().plus(SEGMENT))).as(refused).isTrue();
        });

        // if its packs cannot tell either what it was, it may have served everything before
        store.objects.keySet().removeIf(name -> name.value().startsWith("manifest/" + ids.getFirst()));
        Verdict traceless = verdict();
        assertThat(traceless.restorable()).isEqualTo(verdict.restorable());
        assertThat(traceless.except()).singleElement().satisfies(except -> {
            assertThat(except.from()).isEqualTo(MadeArchive.BEGIN.plus(SEGMENT).minus(1, ChronoUnit.MICROS));
            assertThat(except.to()).isEqualTo(verdict.except().getFirst().to());
            assertThat(except.because()).containsExactly(first.value());
        });

        store.objects.putAll(saved.objects);
        ids.forEach(id -> flip(new ObjectName("snapshot/" + id)));
        Verdict none = verdict();
        assertThat(none.restorable()).isEmpty();
        assertThat(none.except().getFirst().from()).isEqualTo(all.from());
        assertThat(none.except().getLast().to()).isEqualTo(all.to());
        assertThat(planned(late)).isFalse();
    }

    @Test
    void aSegmentThatIsAuthenticAndCannotBeUnderstoodIsAFindingAndTakesAwayWhatNeedsIt() throws Exception {
        MadeArchive archive = archive(2);
        long sequence = 30;
        ObjectName name = store.objects.keySet().stream()
                .filter(one -> one.value().startsWith("chronicle/s0001/")
                        && one.lastSegment().endsWith("030"))
                .findFirst()
                .orElseThrow();
        store.objects.remove(name);
        archive.repository.chronicle().append("a", sequence, "no segment".getBytes(StandardCharsets.UTF_8));
        Verdict verdict = verdict();
        assertThat(found).singleElement().satisfies(one -> {
            assertThat(one.finding().object()).isEqualTo(name.value());
            assertThat(one.finding().severity()).isEqualTo(Finding.Severity.DAMAGE);
            assertThat(one.finding().detail()).startsWith("it is what was written, and cannot be understood: ");
        });
        assertThat(verdict.unknown()).isEmpty();
        assertThat(verdict.except())
                .singleElement()
                .satisfies(except -> assertThat(except.because()).containsExactly(name.value()));
        Instant beside = MadeArchive.BEGIN.plus(Duration.ofMinutes(30));
        assertThat(holds(verdict.restorable(), beside)).isFalse();
        assertThat(planned(beside)).isFalse();
        Instant later = archive.instant().minus(Duration.ofMinutes(20));
        assertThat(holds(verdict.restorable(), later)).isTrue();
        assertThat(planned(later)).as(refused).isTrue();

        // of all places where something is looked up without regard to damage the ends are the most delicate
        for (long edge : List.of(0L, 12L, 129L)) {
            store.objects.remove(new ObjectName(
                    "chronicle/s0002/000000000000/" + String.format(java.util.Locale.ROOT, "%016d", edge)));
            archive.repository.chronicle().append("b", edge, new byte[] {1, 2, 3});
            Verdict delicate = verdict();
            assertThat(found).as("segment %s", edge).hasSizeGreaterThan(1);
            assertThat(holds(delicate.restorable(), beside)).isFalse();
        }
    }

    private void flip(ObjectName name) {
        byte[] bytes = Objects.requireNonNull(store.objects.get(name)).clone();
        bytes[bytes.length / 2] ^= 1;
        store.objects.put(name, bytes);
    }

    @Test
    void aRestoreFallsBackToAnOlderSnapshotAndSaysSo() throws Exception {
        MadeArchive archive = archive(3);
        Instant moment = archive.instant().minus(Duration.ofMinutes(10));
        List<SnapshotInfo> snapshots = archive.repository.snapshots().list();
        String newest = snapshots.get(2).id();
        String middle = snapshots.get(1).id();
        RestorePlanner planner = new RestorePlanner(open());
        Target target = new Target.Time(moment);
        RestorePlan first = planner.plan(target, PlanOptions.defaults());
        assertThat(first.shards()).allMatch(shard -> shard.snapshotId().equals(newest));
        assertThat(first.passedOver()).isEmpty();

        ObjectName pack = object(new Random(1), "pack/" + newest + "/s0002/");
        byte[] bytes = store.objects.remove(pack);
        RestorePlan second = planner.plan(target, PlanOptions.defaults());
        assertThat(second.shards()).allMatch(shard -> shard.snapshotId().equals(middle));
        assertThat(second.passedOver()).containsExactly("snapshot " + newest + ": object " + pack + " is missing");
        assertThat(second.id()).as("the same state").isEqualTo(first.id());
        assertThat(RestorePlan.fromJson(second.toJson())).isEqualTo(second);
        Verdict verdict = verdict();
        assertThat(verdict.except()).isEmpty();
        assertThat(holds(verdict.restorable(), moment)).isTrue();

        // a damaged publishing object, and what a scrub found
        ObjectName published = new ObjectName("snapshot/" + middle);
        byte[] damaged = store.objects.get(published).clone();
        damaged[damaged.length / 2] ^= 1;
        byte[] sound = store.objects.put(published, damaged);
        RestorePlan third = planner.plan(target, PlanOptions.defaults());
        assertThat(third.shards())
                .allMatch(
                        shard -> shard.snapshotId().equals(snapshots.getFirst().id()));
        assertThat(third.passedOver()).hasSize(2).anyMatch(one -> one.contains(published + " is damaged"));
        store.objects.put(published, sound);

        SnapshotChoice suspect = new SnapshotChoice(null, Set.of(), Map.of(middle, "a scrub found it damaged"));
        RestorePlan fourth = planner.plan(target, PlanOptions.defaults().withSnapshots(suspect));
        assertThat(fourth.shards().getFirst().snapshotId())
                .isEqualTo(snapshots.getFirst().id());
        assertThat(fourth.passedOver()).anyMatch(one -> one.contains("a scrub found it damaged"));

        // chosen by name
        SnapshotChoice only = new SnapshotChoice(middle, Set.of(), Map.of(middle, "a scrub found it damaged"));
        assertThat(planner.plan(target, PlanOptions.defaults().withSnapshots(only))
                        .shards()
                        .getFirst()
                        .snapshotId())
                .isEqualTo(middle);
        SnapshotChoice missing = new SnapshotChoice(newest, Set.of(), Map.of());
        assertThatThrownBy(() -> planner.plan(target, PlanOptions.defaults().withSnapshots(missing)))
                .isInstanceOf(PlanRefusedException.class)
                .hasMessageContaining("object " + pack + " is missing");
        SnapshotChoice unknown = new SnapshotChoice("00", Set.of(), Map.of());
        assertThatThrownBy(() -> planner.plan(target, PlanOptions.defaults().withSnapshots(unknown)))
                .isInstanceOf(PlanRefusedException.class)
                .hasMessageContaining("no snapshot 00");
        store.objects.put(pack, bytes);
        SnapshotChoice without = new SnapshotChoice(null, Set.of(newest), Map.of());
        assertThat(planner.plan(target, PlanOptions.defaults().withSnapshots(without))
                        .shards()
                        .getFirst()
                        .snapshotId())
                .isEqualTo(middle);
    }

    @Test
    void whatAScrubFoundIsPassedOverUntilItIsWholeAgain() throws Exception {
        MadeArchive archive = archive(2);
        String newest = archive.repository.snapshots().list().getLast().id();
        ObjectName pack = object(new Random(1), "pack/" + newest + "/");
        byte[] damaged = store.objects.get(pack).clone();
        damaged[damaged.length / 2] ^= 1;
        byte[] sound = store.objects.put(pack, damaged);
        Repository repository = open();
        new Scrub(repository, repository.scrubSource(Map.of()), archive, duration -> {}, () -> false, bytes -> {})
                .run(ScrubOptions.everything());
        assertThat(SuspectSnapshots.find(repository, repository.scrubSource(Map.of())))
                .containsOnly(Map.entry(newest, "a scrub found object " + pack + " damaged"));
        store.objects.put(pack, sound);
        assertThat(SuspectSnapshots.find(repository, repository.scrubSource(Map.of())))
                .isEmpty();
    }

    @Test
    void theSingleMomentsThatRetentionKeepsAreJudgedByWhatTheyNeed() throws Exception {
        MadeArchive archive = new MadeArchive(store, key);
        archive.run(30, MadeArchive.SHARDS);
        for (int minutes : List.of(24 * 60 - 20, 2 * 60, 5 * 60)) {
            archive.written(MadeArchive.SHARDS, true).close();
            archive.run(minutes, MadeArchive.SHARDS);
        }
        RetentionPromise promise = new RetentionPromise(
                Duration.ofHours(2), Duration.ofDays(30), Duration.ZERO, Duration.ZERO, Duration.ofHours(1));
        new Expiry(archive.repository, Dialect.known(), new LeaseHolder("tester", "here", 1, "test"), archive)
                .apply(promise, false, (done, total) -> {}, () -> false);
        Verdict whole = verdict();
        assertThat(whole.moments()).hasSizeGreaterThan(1).allMatch(Verdict.Moment::restorable);
        assertThat(whole.except()).isEmpty();
        assertThat(whole.restorable()).hasSize(whole.moments().size() + 1);
        for (Verdict.Moment one : whole.moments()) {
            assertThat(one.rule()).isEqualTo("daily");
            assertThat(planned(one.moment())).as(one.toString()).isTrue();
        }
        var first = open().horizon().moments().getFirst();
        var second = open().horizon().moments().get(1);
        MemoryStore saved = new MemoryStore();
        saved.objects.putAll(store.objects);
        long needed = first.wal().get("b").to() - 1;
        ObjectName wal = store.objects.keySet().stream()
                .filter(name -> name.value().startsWith("wal/s0002/"))
                .filter(name -> Long.parseLong(name.value().split("/")[4].substring(0, 16), 16) <= needed
                        && Long.parseLong(name.value().split("/")[4].substring(17), 16) > needed)
                .findFirst()
                .orElseThrow();
        for (ObjectName victim : List.of(
                wal,
                object(new Random(1), "pack/" + first.snapshot() + "/"),
                new ObjectName("snapshot/" + first.snapshot()))) {
            store.objects.clear();
            store.objects.putAll(saved.objects);
            store.objects.remove(victim);
            Verdict verdict = verdict();
            Verdict.Moment lost = verdict.moments().getFirst();
            assertThat(lost.moment()).isEqualTo(first.moment());
            assertThat(lost.because()).as(victim.value()).isNotEmpty();
            assertThat(planned(first.moment())).as(victim.value()).isFalse();
            assertThat(holds(verdict.restorable(), first.moment())).isFalse();
            assertThat(verdict.except())
                    .singleElement()
                    .satisfies(except -> assertThat(except.from()).isEqualTo(first.moment()));
            assertThat(holds(verdict.restorable(), second.moment())).isTrue();
            assertThat(planned(second.moment())).as(victim.value()).isTrue();
        }
    }

    @Test
    void ofSeveralCopiesWhatOneHasWholeCanBeRestored() throws Exception {
        MadeArchive archive = archive(2);
        MemoryStore other = new MemoryStore();
        other.objects.putAll(store.objects);
        Map<String, MemoryStore> copies = new LinkedHashMap<>();
        copies.put("near", store);
        copies.put("far", other);
        Instant moment = archive.instant().minus(Duration.ofMinutes(50));
        ObjectName wal = store.objects.keySet().stream()
                .filter(name -> name.value().startsWith("wal/s0001/"))
                .skip(75)
                .findFirst()
                .orElseThrow();
        byte[] damaged = store.objects.get(wal).clone();
        damaged[damaged.length / 2] ^= 1;

        store.objects.put(wal, damaged);
        Verdict one = verdict(copies);
        assertThat(one.except()).isEmpty();
        assertThat(holds(one.restorable(), moment)).isTrue();

        other.objects.put(wal, damaged);
        Verdict both = verdict(copies);
        assertThat(holds(both.restorable(), moment)).isFalse();
        assertThat(both.except()).singleElement().satisfies(except -> {
            assertThat(except.because()).containsExactly(wal.value());
            assertThat(moment).isBetween(except.from(), except.to());
        });

        // each lacks something else: together they are whole
        byte[] sound = damaged.clone();
        sound[sound.length / 2] ^= 1;
        store.objects.put(wal, sound);
        other.objects.put(wal, sound);
        store.objects.remove(object(new Random(1), "pack/"));
        other.objects.remove(wal);
        Verdict together = verdict(copies);
        assertThat(together.except()).isEmpty();
        assertThat(holds(together.restorable(), moment)).isTrue();
    }

    private Verdict verdict(Map<String, MemoryStore> copies) throws IOException {
        List<CopyFinding> findings = new ArrayList<>();
        try (ReplicatedStore both = RepositoryCopies.of(copies, 2, ReplicatedStore.Role.READER, CopyListener.NONE)) {
            RepositoryCopies.verify(both, key, VerifyScope.ALL, findings::add);
            Repository repository = Repository.open(both, key);
            assertThat(findings).isNotEmpty();
            return new VerdictFinder(repository).find(Damage.of(repository.cluster(), findings, 2, false));
        }
    }
}
