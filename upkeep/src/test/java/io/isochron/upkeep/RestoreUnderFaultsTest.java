package io.isochron.upkeep;

import static io.isochron.upkeep.ArchiveTruth.SHARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.FaultyScheduleStore.Fault;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ReplicatedStore.Role;
import io.isochron.restore.OfflineRestore;
import io.isochron.store.Finding;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.VerifyScope;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Under random schedules of faults no restore yields wrong data: it succeeds or says what is missing. A small repository is written by capture's and backup's own classes through one to three stores that fail,
 * by processes that are killed and go on, with compaction and expiry in between, and restored through stores that fail. Once nothing fails any more everything that was acknowledged is there.
 *
 * <p>Size and seed: {@code -Disochron.schedules=10000 -Disochron.seed=1}; a failure names the seed of its schedule.
 */
class RestoreUnderFaultsTest {
    private static final int SCHEDULES = Integer.getInteger("isochron.schedules", 40);
    private static final int STEPS = 12;

    private final RepositoryKey key = RepositoryKey.random();
    private final Map<Fault, Integer> happened = new EnumMap<>(Fault.class);
    private final Map<String, Integer> refused = new TreeMap<>();
    private int right;

    @TempDir
    Path temporary;

    @Test
    void aRestoreIsRightToTheByteOrSaysWhatIsMissing() throws Exception {
        long first = Seeds.seed();
        try (OfflineRestore restore = new OfflineRestore()) {
            for (int i = 0; i < SCHEDULES; i++) {
                Path folder = Files.createDirectory(temporary.resolve("s" + i));
                try {
                    schedule(first + i, folder, restore);
                } catch (Exception | AssertionError e) {
                    throw new AssertionError("-Disochron.schedules=1 -Disochron.seed=" + (first + i), e);
                }
                remove(folder);
            }
        }
        System.out.println(SCHEDULES + " schedules from seed " + first + ": " + right + " restores right, refused "
                + refused + ", faults " + happened);
        assertThat(right).isGreaterThan(SCHEDULES);
        if (SCHEDULES >= 100) {
            assertThat(happened.keySet()).contains(Fault.values());
            assertThat(refused).containsKeys("damage", "no answer");
        }
    }

    private void schedule(long seed, Path folder, OfflineRestore restore) throws Exception {
        Random random = new Random(seed);
        Map<Fault, Double> chances = new EnumMap<>(Fault.class);
        for (Fault fault : Fault.values()) {
            boolean process = fault == Fault.CRASH_BEFORE || fault == Fault.CRASH_AFTER;
            double most = fault == Fault.STALE_LIST ? 0.7 : fault == Fault.OUTAGE ? 0.01 : 0.1;
            chances.put(fault, process || random.nextInt(3) == 0 ? 0 : random.nextDouble() * most);
        }
        try (FaultyArchive archive = new FaultyArchive(key, random, chances)) {
            FaultyReading reading = new FaultyReading(archive, restore, random);
            for (int step = 0; step < STEPS; step++) {
                archive.step();
                if (random.nextInt(6) == 0) {
                    restore(archive, reading, true, folder);
                }
            }
            restore(archive, reading, true, folder);
            archive.heal();
            restore(archive, reading, false, folder);
            without(archive, reading, folder.resolve("without"));
            if (random.nextInt(4) == 0) {
                verified(archive);
            }
            archive.happened().forEach((fault, times) -> happened.merge(fault, times, Integer::sum));
        }
    }

    /** A restore in a folder in which earlier ones may have left something; without faults it must succeed if there is a snapshot at all. */
    private void restore(FaultyArchive archive, FaultyReading reading, boolean faults, Path folder) throws Exception {
        try (FaultyProcess process = archive.reader(faults)) {
            String why = reading.attempt(process, folder);
            archive.count(process);
            if (why == null) {
                right++;
            } else if (faults) {
                refused.merge(why, 1, Integer::sum);
            } else {
                assertThat(why).isEqualTo("no snapshot");
            }
        }
    }

    /** Copies that may be lost are lost: those that are left are all there is, and hold what was acknowledged. */
    private void without(FaultyArchive archive, FaultyReading reading, Path folder) throws Exception {
        for (int lost = 0; archive.confirmations > 1 && lost < archive.places.size(); lost++) {
            List<FaultyProcess.Place> left = new ArrayList<>(archive.places);
            left.remove(lost);
            try (FaultyProcess process =
                    new FaultyProcess(left, archive.confirmations - 1, Role.READER, Map.of(), lost, 0)) {
                assertThat(reading.attempt(process, folder.resolve("c" + lost))).isIn(null, "no snapshot");
            }
        }
    }

    /** What the product itself says of the result. */
    private void verified(FaultyArchive archive) throws IOException {
        if (archive.places.size() > 1) {
            return;
        }
        MemoryStore memory = archive.places.getFirst().memory();
        List<Finding> problems = new ArrayList<>();
        Repository.open(memory, key).verify(VerifyScope.ALL, finding -> {
            if (finding.severity() != Finding.Severity.NOTICE) {
                problems.add(finding);
            }
        });
        assertThat(problems).as("what verify finds of shard " + SHARD).isEmpty();
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
