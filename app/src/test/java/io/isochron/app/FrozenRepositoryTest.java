package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.instance.RunAs;
import io.isochron.instance.TempDirs;
import io.isochron.restore.RestoreOptions;
import io.isochron.restore.RestoredCluster;
import io.isochron.testkit.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Repositories that were made by {@link FrozenRepositoryMaker} once and never again: what is archived must stay readable for years. What is compared with was noted when they were made, on the servers
 * that were captured.
 */
@ResourceLock(TestHost.LOGS)
class FrozenRepositoryTest {
    private static final Path FROZEN = Path.of("src/test/resources/frozen/format-1");

    private Path home;
    private Path repository;
    private TestHost host;
    private Map<?, ?> expected;

    @BeforeEach
    void unpack() throws Exception {
        home = TempDirs.create("ickit-", RunAs.current());
        repository = home.resolve("repository");
        Frozen.unpack(FROZEN.resolve("repository.zip"), repository);
        Files.copy(FROZEN.resolve("TEST-KEY"), home.resolve("key"));
        Files.setPosixFilePermissions(
                home.resolve("key"), java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
        Files.writeString(
                home.resolve("isochron.yaml"),
                "cluster: frozen\nrepository: {path: repository, key-file: key}\nshards:\n"
                        + "  - {name: shard1, connection: host=/nowhere}\n  - {name: shard2, connection: host=/nowhere}\n");
        host = new TestHost(home, Map.of("HOSTNAME", "test"));
        expected = (Map<?, ?>) Json.read(Files.readAllBytes(FROZEN.resolve("expected.json")));
    }

    @AfterEach
    void remove() throws IOException {
        host.run("restored", "rewound", "--stop");
        TempDirs.delete(home);
    }

    @Test
    void everyObjectIsThereAndWhole() throws Exception {
        Map<String, Object> objects = Frozen.objects(repository);
        assertThat(objects).isEqualTo(expected.get("objects"));
        assertThat(objects)
                .containsKeys(
                        "audit",
                        "chronicle",
                        "document",
                        "history",
                        "isochron-repository",
                        "key",
                        "ledger minute",
                        "ledger part",
                        "lease",
                        "ledger hour",
                        "ledger day",
                        "manifest",
                        "member",
                        "pack",
                        "retention",
                        "scrub",
                        "snapshot",
                        "wal");
        int all = objects.values().stream().mapToInt(count -> (Integer) count).sum();
        Map<?, ?> verified = json("verify");
        assertThat(verified.get("findings")).as(host.all()).isEqualTo(List.of());
        assertThat((Integer) verified.get("objects")).isGreaterThanOrEqualTo(all);
        Map<?, ?> audit = json("audit", "--expect", (String) expected.get("auditHead"));
        assertThat((Integer) audit.get("count")).isGreaterThan((Integer) expected.get("auditEntries"));
    }

    @Test
    void itHasWalThatWasMadeOneOfManyPiecesAndAHistoryOfAWholeDay() throws Exception {
        Map<?, ?> merged = (Map<?, ?>) expected.get("compacted");
        assertThat((Integer) merged.get("removed")).isGreaterThan((Integer) merged.get("written"));
        assertThat((List<?>) merged.get("pieces")).hasSizeGreaterThan(1);
        for (Object name : (List<?>) merged.get("pieces")) {
            assertThat(repository.resolve((String) name)).exists();
        }
        Map<?, ?> info = json("info");
        assertThat(info.get("alarms")).as(host.all()).isEqualTo(List.of());
        assertThat(json("verify").get("scrubs")).isNotNull();
    }

    @Test
    void theSameCutsAreComputedAsWhenItWasFrozen() throws Exception {
        for (Object moment : (List<?>) expected.get("moments")) {
            String name = (String) ((Map<?, ?>) moment).get("name");
            Path recorded = FROZEN.resolve(name + ".cut");
            Files.copy(recorded, home.resolve("recorded.cut"));
            ok("cut", "--at", (String) ((Map<?, ?>) moment).get("moment"), "--certificate", "again.cut");
            assertThat(home.resolve("again.cut")).as(name).hasSameBinaryContentAs(recorded);
            Map<?, ?> checked = json("cut", "verify", "recorded.cut");
            assertThat(checked.get("agrees")).as(host.all()).isEqualTo(true);
            Files.delete(home.resolve("recorded.cut"));
            Files.delete(home.resolve("again.cut"));
        }
    }

    @Test
    void itIsRestoredToARecordedMomentWithTheRowsOfThatMoment() throws Exception {
        Map<?, ?> quiet = (Map<?, ?>) ((List<?>) expected.get("moments")).getFirst();
        Map<?, ?> tables = (Map<?, ?>) quiet.get("tables");
        assertThat(tables).hasSize(2);
        Map<?, ?> report = json("restore", "--target", (String) quiet.get("moment"), "--to", "rewound");
        assertThat(report.get("held")).as(host.all()).isEqualTo(true);
        try (RestoredCluster restored = RestoredCluster.open(home.resolve("rewound"), RestoreOptions.defaults())) {
            for (String shard : restored.shards()) {
                try (Connection connection = restored.connection(shard, "postgres")) {
                    assertThat(Frozen.tables(connection)).as(shard).isEqualTo(tables.get(shard));
                }
            }
        }
    }

    @Test
    void theVerdictSaysWhichMomentsDamageTakesAwayAndARestoreAgrees() throws Exception {
        Map<?, ?> whole = (Map<?, ?>) json("verify").get("verdict");
        assertThat(whole.get("unknown")).isNull();
        assertThat(whole.get("except")).isEqualTo(List.of());
        Instant quiet = moment(0);
        Instant load = moment(1);
        assertThat(covered(whole, "restorable", quiet)).as(host.all()).isTrue();
        assertThat(covered(whole, "restorable", load)).as(host.all()).isTrue();

        Map<?, ?> cut = json("cut", "--at", load.toString());
        String boundary = (String) ((Map<?, ?>) ((List<?>) cut.get("shards")).getFirst()).get("boundary");
        long position = Long.parseLong(boundary.split("/")[0], 16) << 32 | Long.parseLong(boundary.split("/")[1], 16);
        String victim = Frozen.names(repository).stream()
                .filter(name -> name.startsWith("wal/s0001/") && !name.endsWith(".history"))
                .filter(name -> Long.parseLong(name.split("/")[4].substring(0, 16), 16) < position
                        && Long.parseLong(name.split("/")[4].substring(17), 16) >= position)
                .findFirst()
                .orElseThrow();
        flip(new Random(1), victim);
        Map<?, ?> verdict = (Map<?, ?>) json(ExitCode.DAMAGED, "verify").get("verdict");
        assertThat(covered(verdict, "restorable", quiet)).as(host.all()).isTrue();
        assertThat(covered(verdict, "restorable", load)).as(host.all()).isFalse();
        assertThat(covered(verdict, "except", load)).as(host.all()).isTrue();
        assertThat((List<?>) verdict.get("except"))
                .allSatisfy(except ->
                        assertThat(((Map<?, ?>) except).get("because")).isEqualTo(List.of(victim)));
        run(ExitCode.DAMAGED, "restore", "--target", load.toString(), "--to", "lost");
        ok("restore", "--target", quiet.toString(), "--to", "rewound", "--stop");
        host.run("verify", "--sample", "1%", "--seed", "1", "--output", "json");
        Map<?, ?> after =
                (Map<?, ?>) ((Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8))).get("verdict");
        // what was not read is not known to be damaged, but that damage was found is
        assertThat(after.get("damageFound")).isNotNull();
        assertThat(after.get("lastRestoreTarget")).isEqualTo(quiet.toString());
    }

    @Test
    void aDamagedSnapshotOrSegmentTakesAwayWhatNeedsIt() throws Exception {
        Instant quiet = moment(0);
        for (String prefix : List.of("pack/", "manifest/", "chronicle/s0001/")) {
            List<String> names = Frozen.names(repository).stream()
                    .filter(name -> name.startsWith(prefix))
                    .toList();
            String victim = names.get(names.size() / 2);
            byte[] bytes = flip(new Random(1), victim);
            Map<?, ?> verdict = (Map<?, ?>) json(ExitCode.DAMAGED, "verify").get("verdict");
            assertThat(covered(verdict, "restorable", quiet))
                    .as(victim + host.all())
                    .isFalse();
            assertThat(covered(verdict, "except", quiet))
                    .as(victim + host.all())
                    .isTrue();
            replace(victim, bytes);
        }
        Map<?, ?> verdict = (Map<?, ?>) json("verify").get("verdict");
        assertThat(covered(verdict, "restorable", quiet)).as(host.all()).isTrue();
        assertThat(verdict.get("lastWholeRead")).isNotNull();
    }

    @Test
    void aScrubReadsItLittleByLittleAndVerifySaysSo() throws Exception {
        // as if no scrub had been there; it claims nothing that anything else relies on
        for (String name : Frozen.names(repository)) {
            if (name.startsWith("scrub/")) {
                Files.delete(repository.resolve(name));
            }
        }
        assertThat(json("verify").get("scrubs")).isNull();
        ok("scrub", "--budget", "1MiB");
        assertThat(host.out()).contains("no scrub has read yet what comes after pack/");
        assertThat(json("scrub", "--show").get("readSince")).isNull();
        Map<?, ?> rest = json("scrub", "--rate", "100MiB/s", "--for", "1h");
        assertThat(((Map<?, ?>) rest.get("state")).get("readSince"))
                .as(host.all())
                .isNotNull();
        String victim = Frozen.names(repository).stream()
                .filter(name -> name.startsWith("wal/s0002/"))
                .findFirst()
                .orElseThrow();
        byte[] whole = flip(new Random(1), victim);
        Map<?, ?> found = json(ExitCode.DAMAGED, "scrub");
        assertThat((List<?>) found.get("findings"))
                .singleElement()
                .satisfies(one -> assertThat(((Map<?, ?>) one).get("object")).isEqualTo(victim));
        replace(victim, whole);
        Map<?, ?> known = (Map<?, ?>) json("verify").get("scrubs");
        assertThat((List<?>) known.get("findings")).as(host.all()).hasSize(1);
        ok("scrub");
        ok("scrub", "--show");
        assertThat(host.out()).contains("has been read since, in every copy");
        run(ExitCode.USAGE, "scrub", "--budget", "much");
    }

    private Instant moment(int index) {
        return Instant.parse((String) ((Map<?, ?>) ((List<?>) expected.get("moments")).get(index)).get("moment"));
    }

    private static boolean covered(Map<?, ?> verdict, String part, Instant moment) {
        return ((List<?>) verdict.get(part)).stream().anyMatch(range -> {
            Instant from = Instant.parse((String) ((Map<?, ?>) range).get("from"));
            Instant to = Instant.parse((String) ((Map<?, ?>) range).get("to"));
            return !from.isAfter(moment) && !to.isBefore(moment);
        });
    }

    @Test
    void aFlippedBitInAnObjectOfEveryKindIsFoundAndNamed() throws Exception {
        long seed = Seeds.seed();
        Random random = new Random(seed);
        Map<String, List<String>> byKind = new TreeMap<>();
        for (String name : Frozen.names(repository)) {
            byKind.computeIfAbsent(Frozen.kind(name), _ -> new ArrayList<>()).add(name);
        }
        Set<String> damaged = new HashSet<>();
        Set<String> refused = new HashSet<>();
        for (List<String> names : byKind.values()) {
            String name = names.get(random.nextInt(names.size()));
            if (name.startsWith("member/") || name.startsWith("retention/") || name.equals("isochron-repository")) {
                refused.add(name);
            } else {
                flip(random, name);
                damaged.add(name);
            }
        }
        Map<?, ?> found = json(ExitCode.DAMAGED, "verify");
        List<Object> named = new ArrayList<>();
        assertThat(found.get("findings")).as("seed %d: %s", seed, host.all()).isNotNull();
        for (Object finding : (List<?>) found.get("findings")) {
            named.add(((Map<?, ?>) finding).get("object"));
        }
        assertThat(named).as("seed %d: %s", seed, host.all()).containsAll(damaged);
        // without these nothing of it can be read with confidence
        for (String name : refused) {
            byte[] whole = flip(random, name);
            assertThat(host.run("verify"))
                    .as("seed %d, %s", seed, name)
                    .isIn(ExitCode.DAMAGED.number(), ExitCode.REPOSITORY.number());
            assertThat(host.err())
                    .as("seed %d", seed)
                    .contains(name.equals("isochron-repository") ? "repository" : name);
            replace(name, whole);
        }
    }

    /** Returns what it was. */
    private byte[] flip(Random random, String name) throws IOException {
        byte[] whole = Files.readAllBytes(repository.resolve(name));
        byte[] flipped = whole.clone();
        flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
        replace(name, flipped);
        return whole;
    }

    private void replace(String name, byte[] bytes) throws IOException {
        Files.delete(repository.resolve(name));
        Files.write(repository.resolve(name), bytes);
    }

    private void ok(String... arguments) {
        run(ExitCode.OK, arguments);
    }

    private void run(ExitCode code, String... arguments) {
        assertThat(host.run(arguments))
                .as(() -> String.join(" ", arguments) + "\n" + host.all())
                .isEqualTo(code.number());
    }

    private Map<?, ?> json(String... arguments) {
        return json(ExitCode.OK, arguments);
    }

    private Map<?, ?> json(ExitCode code, String... arguments) {
        run(
                code,
                Stream.concat(Stream.of(arguments), Stream.of("--output", "json"))
                        .toArray(String[]::new));
        return (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
    }
}
