package io.isochron.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.RecoverableRange;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.store.RepositoryKey;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.VerifyScope;
import io.isochron.store.WalArchiveReader;
import io.isochron.store.WalGapException;
import io.isochron.store.WalRange;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where pieces of WAL overlap the verdict says what the reader of WAL does: damage counts where no other piece holds the bytes. */
class VerdictOverlappingWalTest {
    private static final long BEGIN = 16L << 20;
    private static final long FILE = 1 << 20;
    private static final int MINUTE_BYTES = 64 << 10;
    private static final int MINUTES = 10 + 2 * 60;

    private final MemoryStore store = new MemoryStore();
    private final RepositoryKey key = RepositoryKey.random();

    /** Snapshots of minutes 10 and 70, and an hour after each. */
    @BeforeEach
    void anArchive() throws IOException {
        MadeArchive archive = new MadeArchive(store, key);
        archive.run(10, MadeArchive.SHARDS);
        for (int i = 0; i < 2; i++) {
            archive.written(MadeArchive.SHARDS, true).close();
            archive.run(58, MadeArchive.SHARDS);
        }
    }

    private Repository open() throws IOException {
        return Repository.open(store, key);
    }

    private static WalRange range(long start, long end) {
        return new WalRange("a", 1, start, end);
    }

    private static long position(int minute) {
        return BEGIN + (long) minute * MINUTE_BYTES;
    }

    /** The middle of a minute. */
    private static Instant moment(int minute) {
        return MadeArchive.BEGIN.plus(Duration.ofSeconds(60L * minute + 30));
    }

    private static ObjectName piece(long start, long end) {
        String from = String.format(java.util.Locale.ROOT, "%016x", start);
        return new ObjectName("wal/s0001/00000001/" + from.substring(0, 9) + "/" + from + "-"
                + String.format(java.util.Locale.ROOT, "%016x", end));
    }

    private void flip(ObjectName name) {
        byte[] bytes =
                Objects.requireNonNull(store.objects.get(name), name.value()).clone();
        bytes[bytes.length / 2] ^= 1;
        store.objects.put(name, bytes);
    }

    private void write(long start, long end, int content) throws IOException {
        byte[] bytes = new byte[(int) (end - start)];
        java.util.Arrays.fill(bytes, (byte) content);
        open().wal().write(range(start, end), ByteBuffer.wrap(bytes));
    }

    private Verdict verdict() throws IOException {
        Repository repository = open();
        List<CopyFinding> findings = new ArrayList<>();
        repository.verify(VerifyScope.ALL, finding -> findings.add(new CopyFinding("", finding)));
        return new VerdictFinder(repository).find(Damage.of(repository.cluster(), findings, 1, false));
    }

    private static boolean holds(List<RecoverableRange> ranges, Instant moment) {
        return ranges.stream().anyMatch(range -> !moment.isBefore(range.from()) && !moment.isAfter(range.to()));
    }

    @Test
    void aDamagedPieceWhoseBytesAreInOthersTakesNothingAway() throws Exception {
        long start = position(40);
        long middle = start + 1000;
        flip(piece(start, position(41)));
        Verdict lost = verdict();
        assertThat(holds(lost.restorable(), moment(38))).isTrue();
        assertThat(holds(lost.restorable(), moment(41))).isFalse();
        assertThat(holds(lost.restorable(), moment(80))).isTrue();

        write(start - 500, middle, 0);
        assertThat(holds(verdict().restorable(), moment(41)))
                .as("half of it is elsewhere")
                .isFalse();
        write(middle, position(41) + 500, 0);
        Verdict whole = verdict();
        assertThat(whole.except()).isEmpty();
        assertThat(holds(whole.restorable(), moment(41))).isTrue();

        flip(piece(middle, position(41) + 500));
        Verdict again = verdict();
        assertThat(holds(again.restorable(), moment(41))).isFalse();
        assertThat(again.except())
                .isNotEmpty()
                .allSatisfy(except -> assertThat(except.because())
                        .contains(piece(start, position(41)).value()));
    }

    @Test
    void piecesThatContradictEachOtherTakeAwayWhatLiesInThem() throws Exception {
        write(position(40) - 500, position(40) + 500, 1);
        Verdict verdict = verdict();
        assertThat(verdict.except()).isNotEmpty();
        assertThat(holds(verdict.restorable(), moment(39))).isFalse();
        assertThat(holds(verdict.restorable(), moment(45))).isFalse();
        assertThat(holds(verdict.restorable(), moment(80))).isTrue();
    }

    @Test
    void whatAReaderReachesIsRestorableAndNothingElse() throws Exception {
        MemoryStore sound = new MemoryStore();
        sound.objects.putAll(store.objects);
        long seed = Seeds.seed();
        int spared = 0;
        int lost = 0;
        for (int round = 0; round < 10; round++) {
            Random random = new Random(seed + round);
            store.objects.clear();
            store.objects.putAll(sound.objects);
            List<ObjectName> damaged = disturb(random);
            Verdict verdict = verdict();
            assertThat(verdict.unknown()).isEmpty();
            List<SnapshotInfo> snapshots = open().snapshots().list();
            for (int minute = 0; minute < MINUTES - 6; minute++) {
                boolean all = false;
                boolean none = true;
                for (SnapshotInfo snapshot : snapshots) {
                    long begin = snapshot.shard("a").startLsn();
                    if (snapshot.shard("a").endLsn() <= position(minute)) {
                        long reached = reached(begin & -FILE);
                        // the segment before damage is counted to it
                        all |= reached >= position(minute + 2);
                        none &= reached <= position(minute);
                    }
                }
                boolean restorable = holds(verdict.restorable(), moment(minute));
                assertThat(all ? restorable : !(none && restorable))
                        .as("seed %s, damaged %s, minute %s: %s", seed + round, damaged, minute, verdict)
                        .isTrue();
            }
            for (ObjectName name : damaged) {
                boolean counts = verdict.except().stream()
                        .anyMatch(except -> except.because().contains(name.value()));
                spared += counts ? 0 : 1;
                lost += counts ? 1 : 0;
            }
        }
        assertThat(spared).as("pieces whose bytes were elsewhere").isPositive();
        assertThat(lost).as("pieces whose bytes were not").isPositive();
    }

    /** Archives some stretches again, and damages or removes some pieces in and around them. */
    private List<ObjectName> disturb(Random random) throws IOException {
        List<ObjectName> candidates = new ArrayList<>();
        for (int i = 2 + random.nextInt(3); i > 0; i--) {
            int minute = 1 + random.nextInt(MINUTES - 12);
            candidates.add(piece(position(minute), position(minute + 1)));
            for (int pieces = random.nextInt(5); pieces > 0; pieces--) {
                long start = position(minute) - 30_000 + random.nextInt(50_000);
                long end = start + 1 + random.nextInt(2 * MINUTE_BYTES);
                ObjectName name = piece(start, end);
                if (!store.objects.containsKey(name)) {
                    write(start, end, 0);
                    if (random.nextInt(3) == 0) {
                        candidates.add(name);
                    }
                }
            }
        }
        for (ObjectName name : candidates) {
            if (random.nextInt(4) == 0) {
                store.objects.remove(name);
            } else {
                flip(name);
            }
        }
        return candidates;
    }

    private long reached(long from) throws IOException {
        try (WalArchiveReader reader = open().wal().openReader("a", 1, from)) {
            ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
            try {
                while (reader.read(buffer) > 0) {
                    buffer.clear();
                }
            } catch (ObjectDamagedException | WalGapException e) {
                // here it ends
            }
            return reader.position();
        }
    }
}
