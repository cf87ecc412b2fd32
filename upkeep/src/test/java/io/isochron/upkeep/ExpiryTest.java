package io.isochron.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.Target;
import io.isochron.objects.ForwardingStore;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectLockedException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.Renewal;
import io.isochron.objects.StoreException;
import io.isochron.restore.ArchiveState;
import io.isochron.restore.ChronicleReader;
import io.isochron.restore.CutFinder;
import io.isochron.restore.LedgerReader;
import io.isochron.restore.PlanOptions;
import io.isochron.store.Finding;
import io.isochron.store.Lease;
import io.isochron.store.LeaseHeldException;
import io.isochron.store.LeaseHolder;
import io.isochron.store.MembershipChange;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.RetentionPromise;
import io.isochron.store.RetentionRecord.Floor;
import io.isochron.store.RetentionRecord.KeptMoment;
import io.isochron.store.SnapshotWriter;
import io.isochron.store.VerifyScope;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;

/** Expiry over an archive of several days. */
class ExpiryTest {
    private static final RetentionPromise PROMISE = new RetentionPromise(
            Duration.ofHours(10), Duration.ofDays(30), Duration.ZERO, Duration.ZERO, Duration.ofHours(2));
    private static final LeaseHolder SELF = new LeaseHolder("tester", "here", 1, "test");
    private static final int DAY = 24 * 60;

    private final MemoryStore store = new MemoryStore();
    private final RepositoryKey key = RepositoryKey.random();

    /** Three days, with a snapshot every six hours. */
    private MadeArchive threeDays() throws IOException {
        MadeArchive archive = new MadeArchive(store, key);
        archive.run(30, MadeArchive.SHARDS);
        for (int i = 0; i < 12; i++) {
            archive.written(MadeArchive.SHARDS, true).close();
            archive.run(6 * 60 - 2, MadeArchive.SHARDS);
        }
        return archive;
    }

    private static Expiry expiry(Repository repository, MadeArchive clock) {
        return new Expiry(repository, Dialect.known(), SELF, clock);
    }

    private static ExpiryReport apply(Repository repository, MadeArchive clock) throws IOException {
        return expiry(repository, clock).apply(PROMISE, false, (done, total) -> {}, () -> false);
    }

    private Repository open() throws IOException {
        return Repository.open(store, key);
    }

    private static List<Finding> problems(Repository repository) throws IOException {
        List<Finding> problems = new ArrayList<>();
        repository.verify(VerifyScope.ALL, finding -> {
            if (finding.severity() != Finding.Severity.NOTICE) {
                problems.add(finding);
            }
        });
        return problems;
    }

    private Set<String> names(String prefix) {
        Set<String> names = new TreeSet<>();
        store.objects.keySet().stream()
                .map(ObjectName::value)
                .filter(name -> name.startsWith(prefix))
                .forEach(names::add);
        return names;
    }

    @Test
    void everythingThatIsAskedOfAnArchiveIsAnsweredAfterItsBeginningWasGivenUp() throws Exception {
        MadeArchive archive = threeDays();
        Instant now = archive.instant();
        ExpiryReport report = apply(archive.repository, archive);
        assertThat(report.plan().warnings()).isEmpty();
        List<KeptMoment> moments = report.plan().record().moments();
        // three days with snapshots before the window, of the third the first one is in it
        assertThat(moments).hasSize(3);
        Repository repository = open();
        Floor floor = repository.horizon().floor("a");
        assertThat(floor.wal()).isNotZero();
        assertThat(repository.wal().list("a", 1).findFirst().orElseThrow().start())
                .isLessThan(floor.wal());

        assertThat(problems(repository)).isEmpty();
        ArchiveState state = ArchiveState.read(repository);
        assertThat(state.breaks()).isEmpty();
        assertThat(state.recoverable()).hasSize(moments.size() + 1);
        assertThat(state.recoverable().getLast().from()).isBefore(now.minus(PROMISE.anySecond()));
        for (KeptMoment kept : moments) {
            CutFinder.Found found =
                    new CutFinder(repository).find(new Target.Time(kept.moment()), PlanOptions.defaults());
            assertThat(found.cut().boundaries())
                    .allSatisfy(boundary -> assertThat(
                                    kept.wal().get(boundary.shard()).to())
                            .isEqualTo(boundary.lsn().value()));
        }
        assertThat(new LedgerReader(repository)
                        .window(null, null, LedgerLevel.DAY)
                        .get("a")
                        .breaks())
                .isEmpty();
        assertThat(new ChronicleReader(repository).all().shards()).containsExactlyElementsOf(MadeArchive.SHARDS);
    }

    @Test
    void whatIsOlderThanTheLastSingleMomentGoesToTheLastLedgerEntry() throws Exception {
        MadeArchive archive = threeDays();
        RetentionPromise window = new RetentionPromise(
                Duration.ofHours(10), Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ofHours(2));
        int before = store.objects.size();
        Map<ObjectName, byte[]> few = new TreeMap<>();
        store.objects.forEach((name, bytes) -> {
            if (name.value().matches("(chronicle|ledger)/s0001/.*0000000000(0005|0300|1000)")) {
                few.put(name, bytes);
            }
        });
        assertThat(few).hasSize(6);
        expiry(archive.repository, archive).apply(window, false, (done, total) -> {}, () -> false);
        Repository repository = open();
        Floor floor = repository.horizon().floor("a");
        assertThat(floor.chronicle()).isGreaterThan(2 * DAY);
        assertThat(floor.ledger()).isGreaterThan(2 * DAY).isLessThanOrEqualTo(floor.chronicle());
        assertThat(repository.ledger().firstNumber("a").orElseThrow()).isEqualTo(floor.ledger());
        assertThat(repository.chronicle().firstSequence("a").orElseThrow()).isEqualTo(floor.chronicle());
        assertThat(names("ledger/s0001/hour/").size()).isLessThan(24);
        assertThat(names("ledger/s0001/day/").size()).isLessThanOrEqualTo(1);
        assertThat(names("snapshot/").size()).isEqualTo(3);
        assertThat(store.objects.size()).isLessThan(before / 3);
        assertThat(problems(repository)).isEmpty();
        ArchiveState state = ArchiveState.read(repository);
        assertThat(state.breaks()).isEmpty();
        assertThat(state.recoverable()).hasSize(1);
        LedgerReader ledger = new LedgerReader(repository);
        assertThat(ledger.window(null, null, LedgerLevel.DAY).get("b").breaks()).isEmpty();
        assertThat(ledger.window(MadeArchive.BEGIN, null, LedgerLevel.MINUTE)
                        .get("b")
                        .entries())
                .hasSizeGreaterThan(600);
        // a copy that was away, or a run that was killed, leaves some; they mean nothing
        store.objects.putAll(few);
        repository = open();
        assertThat(repository.ledger().firstNumber("a").orElseThrow()).isEqualTo(floor.ledger());
        assertThat(repository.ledger().lastNumber("a").orElseThrow()).isGreaterThan(3 * DAY - 10);
        assertThat(repository.chronicle().lastSequence("a").orElseThrow()).isGreaterThan(3 * DAY - 10);
        assertThat(problems(repository)).isEmpty();
        // capture goes on behind the gap that the beginning is
        archive.run(90, MadeArchive.SHARDS);
        assertThat(ArchiveState.read(open()).breaks()).isEmpty();
    }

    @Test
    void aRunThatIsBrokenOffAnywhereIsFinishedByTheNext() throws Exception {
        Random random = new Random(Seeds.seed());
        MadeArchive archive = threeDays();
        MemoryStore whole = new MemoryStore();
        whole.objects.putAll(store.objects);
        apply(Repository.open(whole, key), archive);
        Set<ObjectName> expected = new TreeSet<>(whole.objects.keySet());
        expected.removeIf(ExpiryTest::ephemeral);
        for (int round = 0; round < 3; round++) {
            MemoryStore one = new MemoryStore();
            one.objects.putAll(store.objects);
            int[] left = {random.nextInt(2000)};
            ObjectStore failing = new ForwardingStore(one) {
                @Override
                public synchronized void delete(ObjectName name) throws IOException {
                    if (left[0]-- == 0) {
                        throw new IOException("the store is away");
                    }
                    super.delete(name);
                }
            };
            assertThatThrownBy(() -> apply(Repository.open(failing, key), archive))
                    .hasMessage("the store is away");
            Repository half = Repository.open(one, key);
            assertThat(problems(half)).as("broken off after %s", left[0]).isEmpty();
            assertThat(ArchiveState.read(half).breaks()).isEmpty();
            apply(half, archive);
            Set<ObjectName> now = new TreeSet<>(one.objects.keySet());
            now.removeIf(ExpiryTest::ephemeral);
            assertThat(now).isEqualTo(expected);
        }
    }

    private static boolean ephemeral(ObjectName name) {
        return name.value().startsWith("lease/") || name.value().startsWith("retention/");
    }

    @Test
    void aSnapshotThatIsBeingWrittenStaysAndADeadOneIsGivenUp() throws Exception {
        MadeArchive archive = threeDays();
        try (SnapshotWriter dead = archive.written(MadeArchive.SHARDS, false)) {
            apply(archive.repository, archive);
            archive.run(12 * 60, MadeArchive.SHARDS);
            apply(archive.repository, archive);
            assertThat(names("pack/" + dead.id())).isNotEmpty();
            archive.run(13 * 60, MadeArchive.SHARDS);
            ExpiryReport report = apply(archive.repository, archive);
            assertThat(report.plan().abandoned()).containsExactly(dead.id());
            assertThat(names("pack/" + dead.id())).isEmpty();
            assertThat(names("manifest/" + dead.id())).isEmpty();
            assertThatThrownBy(() -> dead.publish("{}"))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("was given up");
            assertThat(problems(open())).isEmpty();
            assertThat(open().snapshots().list()).noneMatch(info -> info.id().equals(dead.id()));
        }
    }

    @Test
    void aShardThatWasRemovedGoesWhenTheWindowHasPassedIt() throws Exception {
        MadeArchive archive = threeDays();
        archive.repository.changeMembership(
                MembershipChange.Kind.REMOVED,
                archive.repository.cluster().shard("b"),
                archive.instant(),
                archive.instant());
        List<String> left = List.of("a");
        archive.run(6 * 60, left);
        archive.written(left, true).close();
        RetentionPromise window = new RetentionPromise(
                Duration.ofHours(10), Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ofHours(2));
        archive.run(2 * 60, left);
        expiry(archive.repository, archive).apply(window, false, (done, total) -> {}, () -> false);
        assertThat(names("wal/s0002/")).isNotEmpty();
        assertThat(ArchiveState.read(open()).recoverable()).hasSize(2);
        archive.run(16 * 60, left);
        archive.written(left, true).close();
        expiry(archive.repository, archive).apply(window, false, (done, total) -> {}, () -> false);
        assertThat(names("wal/s0002/")).isEmpty();
        assertThat(names("wal/s0001/")).isNotEmpty();
        assertThat(names("chronicle/s0002/").size()).isLessThanOrEqualTo(20);
        assertThat(problems(open())).isEmpty();
        assertThat(ArchiveState.read(open()).recoverable()).isNotEmpty();
    }

    @Test
    void ofTwoExpiriesTheSecondIsToldWhoIsAtIt() throws Exception {
        MadeArchive archive = threeDays();
        LeaseHolder other = new LeaseHolder("somebody", "elsewhere", 77, "test");
        try (Lease lease =
                archive.repository.leases().take(Expiry.LEASE, other, Duration.ofMinutes(10), "{}", archive)) {
            assertThatThrownBy(() -> apply(open(), archive))
                    .isInstanceOf(LeaseHeldException.class)
                    .hasMessageContaining("somebody@elsewhere (process 77) since " + archive.instant());
            assertThat(names("retention/")).isEmpty();
            // its holder is dead: after a while it is taken over, and the dead one, should it wake up, has lost
            archive.run(11, MadeArchive.SHARDS);
            apply(open(), archive);
            assertThatThrownBy(lease::renew).isInstanceOf(LeaseHeldException.class);
        }
        assertThat(names("retention/")).hasSize(1);
    }

    @Test
    void whatALockHoldsStaysAndOnlyWhatIsKeptIsLockedForLonger() throws Exception {
        MadeArchive archive = threeDays();
        Set<String> renewed = new ConcurrentSkipListSet<>();
        boolean[] locked = {true};
        ObjectStore locking = new ForwardingStore(store) {
            @Override
            public Renewal renew(ObjectName name) {
                renewed.add(name.value());
                return Renewal.EXTENDED;
            }

            @Override
            public void delete(ObjectName name) throws IOException {
                if (locked[0] && name.value().startsWith("pack/")) {
                    throw new ObjectLockedException(name, archive.instant().plus(Duration.ofDays(1)), "memory");
                }
                super.delete(name);
            }
        };
        ExpiryReport report = apply(Repository.open(locking, key), archive);
        List<String> dropped = report.plan().record().dropped();
        assertThat(dropped).isNotEmpty();
        assertThat(report.refusals()).isNotEmpty();
        // what publishes a snapshot stays with its packs, or they would seem to be of one that is being written
        assertThat(dropped).allSatisfy(id -> {
            assertThat(names("pack/" + id)).isNotEmpty().noneMatch(renewed::contains);
            assertThat(names("snapshot/" + id)).hasSize(1).noneMatch(renewed::contains);
        });
        Set<String> kept = names("");
        kept.removeIf(name -> name.startsWith("lease/") || dropped.stream().anyMatch(name::contains));
        assertThat(renewed).containsAll(kept).noneMatch(name -> name.startsWith("lease/"));
        assertThat(problems(open())).isEmpty();
        locked[0] = false;
        apply(Repository.open(locking, key), archive);
        assertThat(dropped)
                .allSatisfy(id -> assertThat(names("").stream().filter(name -> name.contains(id)))
                        .isEmpty());
    }

    @Test
    void clocksThatAreWrongByThemselvesGiveNothingUp() throws Exception {
        MadeArchive archive = threeDays();
        Expiry ahead = new Expiry(
                archive.repository,
                Dialect.known(),
                SELF,
                () -> archive.instant().plus(Duration.ofDays(3650)));
        ExpiryPlan plan = ahead.plan(PROMISE, false);
        assertThat(plan.record().counted()).isBetween(archive.instant().minusSeconds(60), archive.instant());
        assertThat(plan.warnings()).anyMatch(warning -> warning.contains("apart"));
        assertThat(plan.record().floors())
                .isEqualTo(expiry(archive.repository, archive)
                        .plan(PROMISE, false)
                        .record()
                        .floors());
    }

    @Test
    void aClockThatThisHostAndCaptureShareMakesNothingOld() {
        Instant right = MadeArchive.BEGIN;
        Instant ahead = right.plus(Duration.ofDays(365));
        assertThat(Clocks.now(ahead, ahead, List.of(right))).isEqualTo(right);
        assertThat(Clocks.now(right, right, List.of(ahead))).isEqualTo(right);
        assertThat(Clocks.now(ahead, ahead, List.of(right, ahead, right))).isEqualTo(right);
        assertThat(Clocks.now(right, ahead, List.of(ahead))).isEqualTo(right);
    }

    @Test
    void withoutASafeTimeNothingIsOld() throws Exception {
        MadeArchive archive = new MadeArchive(store, key);
        assertThatThrownBy(() -> apply(archive.repository, archive))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no safe time yet")
                .hasMessageContaining("hint: let capture run");
        assertThat(names("retention/")).isEmpty();
    }

    @Test
    void lessThanBeforeIsPromisedOnlyIfThatIsSaid() throws Exception {
        MadeArchive archive = threeDays();
        apply(archive.repository, archive);
        RetentionPromise less = RetentionPromise.of(Duration.ofHours(1));
        assertThatThrownBy(() -> expiry(archive.repository, archive).plan(less, false))
                .isInstanceOf(ShrunkPromiseException.class)
                .hasMessageContaining("10h")
                .hasMessageContaining("--promise-less");
        assertThat(expiry(archive.repository, archive).plan(less, true).record().moments())
                .isEmpty();
    }
}
