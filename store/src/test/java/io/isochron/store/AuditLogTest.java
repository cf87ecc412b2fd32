package io.isochron.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.FileSystemStore;
import io.isochron.store.AuditEntry.Actor;
import io.isochron.store.AuditEntry.Anchor;
import io.isochron.store.AuditEntry.Event;
import io.isochron.store.AuditEntry.Head;
import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {
    private static final Instant AT = Instant.parse("2026-11-23T08:00:00.123456Z");
    private static final Actor OPS = new Actor("ops", "backup1", "1.0", "c".repeat(64));

    @TempDir
    Path directory;

    private final RepositoryKey key = RepositoryKey.random();
    private FileSystemStore store;

    @BeforeEach
    void makeRepository() throws IOException {
        store = FileSystemStore.create(directory.resolve("repository"));
        Repository.init(store, key, RepositoryTest.CLUSTER, RepositoryTest.CREATED);
    }

    private Repository open() throws IOException {
        return Repository.open(store, key);
    }

    private static AuditEntry append(AuditLog log, String command) throws IOException {
        return log.append(AT, OPS, command, List.of(command, "--apply"), Event.BEGUN, null, null, "");
    }

    private void fill(int entries) throws IOException {
        AuditLog log = open().audit();
        for (int i = 0; i < entries; i++) {
            append(log, "command " + i);
        }
    }

    private Path file(long number) {
        return directory.resolve("repository").resolve(Names.audit(number).value());
    }

    private final List<AuditEntry> read = new ArrayList<>();

    private List<Finding> findings(Anchor... expected) throws IOException {
        List<Finding> findings = new ArrayList<>();
        read.clear();
        open().readAudit(List.of(expected), read::add, findings::add);
        return findings;
    }

    private void overwrite(Path victim, byte[] bytes) throws IOException {
        Files.delete(victim);
        Files.write(victim, bytes);
    }

    private void changeAByteOf(Path victim) throws IOException {
        byte[] bytes = Files.readAllBytes(victim);
        bytes[bytes.length / 2] ^= 1;
        overwrite(victim, bytes);
    }

    private static void found(List<Finding> findings, Severity severity, long number, String detail) {
        assertThat(findings).anySatisfy(finding -> {
            assertThat(finding.severity()).isEqualTo(severity);
            assertThat(finding.object()).isEqualTo(Names.audit(number).value());
            assertThat(finding.detail()).contains(detail);
        });
    }

    @Test
    void entriesComeBackAsTheyWereWrittenAndFollowEachOther() throws IOException {
        AuditLog log = open().audit();
        assertThat(log.head()).isEmpty();
        AuditEntry begun = append(log, "key rotate");
        AuditEntry ended = log.append(
                AT, OPS, "key rotate", List.of(), Event.FAILED, begun.number(), 9, "the key file is being changed");
        assertThat(findings()).isEmpty();
        assertThat(read).containsExactly(begun, ended);
        assertThat(read).extracting(AuditEntry::number).containsExactly(0L, 1L);
        assertThat(ended.key()).isEqualTo(key.primaryKeyId());
        assertThat(open().audit().head().orElseThrow().number()).isEqualTo(1);
        assertThat(open().audit().configuration("backup1")).hasValue(OPS.configuration());
        assertThat(open().audit().configuration("elsewhere")).isEmpty();
    }

    @Test
    void manyProcessesWriteAtOnceAndNoneLosesAnEntryOrLeavesAHole() throws Exception {
        int writers = 8;
        int each = 25;
        List<Callable<Void>> tasks = new ArrayList<>();
        for (int w = 0; w < writers; w++) {
            String name = "writer " + w;
            tasks.add(() -> {
                AuditLog log = open().audit();
                for (int i = 0; i < each; i++) {
                    append(log, name);
                }
                return null;
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
            for (Future<Void> done : threads.invokeAll(tasks)) {
                done.get();
            }
        }
        assertThat(findings()).isEmpty();
        assertThat(read)
                .extracting(AuditEntry::number)
                .containsExactlyElementsOf(IntStream.range(0, writers * each)
                        .mapToObj(i -> (long) i)
                        .toList());
        for (int w = 0; w < writers; w++) {
            String name = "writer " + w;
            assertThat(read).filteredOn(entry -> entry.command().equals(name)).hasSize(each);
        }
    }

    @Test
    void anEntryThatWasRemovedFromAnywhereButTheEndIsFound() throws IOException {
        fill(6);
        for (long number = 0; number < 5; number++) {
            Path aside = directory.resolve("aside");
            Files.move(file(number), aside);
            List<Finding> findings = findings();
            assertThat(findings).hasSize(1);
            found(findings, Severity.MISSING, number, "entry " + number + " is not there");
            Files.move(aside, file(number));
        }
        Files.delete(file(1));
        Files.delete(file(2));
        found(findings(), Severity.MISSING, 1, "entries 1 to 2 are not there");
        assertThat(findings()).hasSize(1);
    }

    @Test
    void anEntryThatWasChangedSwappedOrTakenFromAnotherRepositoryIsFound() throws IOException {
        fill(4);
        byte[] one = Files.readAllBytes(file(1));
        byte[] two = Files.readAllBytes(file(2));
        changeAByteOf(file(1));
        found(findings(), Severity.DAMAGE, 1, "do not authenticate");
        overwrite(file(1), two);
        overwrite(file(2), one);
        found(findings(), Severity.DAMAGE, 1, "do not authenticate");
        found(findings(), Severity.DAMAGE, 2, "do not authenticate");
    }

    @Test
    void whoHasTheKeyAndWritesAnEntryAgainIsFoundByTheOneAfter() throws IOException {
        fill(3);
        Files.delete(file(1));
        AuditLog.Link zero =
                new AuditLog.Link(0, Hashes.sha256(sealed().read(Names.audit(0), ObjectKind.AUDIT)), false);
        AuditEntry forged =
                new AuditEntry(1, AT, OPS, "innocent", List.of(), Event.BEGUN, null, null, key.primaryKeyId(), "");
        sealed().create(Names.audit(1), ObjectKind.AUDIT, AuditFormat.encode(forged, zero));
        List<Finding> findings = findings();
        assertThat(findings).hasSize(1);
        found(findings, Severity.DAMAGE, 2, "follows another entry 1 than the one that is there");
    }

    private SealedStore sealed() throws IOException {
        return new SealedStore(store, key, RepositoryHeader.read(store, key));
    }

    @Test
    void thatTheNewestWereRemovedIsSeenByWhoNotedThemAndBySnapshots() throws IOException {
        fill(3);
        Head noted = open().audit().head().orElseThrow();
        assertThat(findings(new Anchor(noted, "my notes"))).isEmpty();
        snapshot();
        byte[] newest = Files.readAllBytes(file(2));
        Files.delete(file(2));
        found(findings(), Severity.MISSING, 2, "snapshot ");
        found(findings(new Anchor(noted, "my notes")), Severity.MISSING, 2, "my notes knows it");
        List<Finding> verified = new ArrayList<>();
        open().verify(VerifyScope.ALL, verified::add);
        found(verified, Severity.MISSING, 2, "snapshot ");
        // another entry in its place
        append(open().audit(), "innocent");
        found(findings(new Anchor(noted, "my notes")), Severity.DAMAGE, 2, "another entry than the one that my notes");
        overwrite(file(2), newest);
        assertThat(findings(new Anchor(noted, "my notes"))).isEmpty();
    }

    private void snapshot() throws IOException {
        try (SnapshotWriter writer = open().snapshots().begin(AT, SnapshotOptions.DEFAULT)) {
            for (ShardIdentity shard : RepositoryTest.CLUSTER.shards()) {
                writer.shard(shard.name()).finish(1, 0x1000000, 0x1000100, "{}");
            }
            writer.publish("{}");
        }
    }

    @Test
    void aDamagedLogKeepsNobodyFromAddingToIt() throws IOException {
        fill(3);
        changeAByteOf(file(2));
        assertThat(append(open().audit(), "restore").number()).isEqualTo(3);
        List<Finding> findings = findings();
        assertThat(findings).hasSize(1);
        found(findings, Severity.DAMAGE, 2, "do not authenticate");
        Files.delete(file(1));
        assertThat(append(open().audit(), "restore").number()).isEqualTo(4);
        found(findings(), Severity.MISSING, 1, "is not there");
        Path stray = directory.resolve("repository/audit/stray");
        Files.write(stray, new byte[1]);
        assertThat(append(open().audit(), "restore").number()).isEqualTo(5);
        assertThat(findings())
                .anySatisfy(finding -> assertThat(finding.object()).isEqualTo("audit/stray"));
    }

    @Test
    void whoLacksTheNewestKeyAddsAnEntryThatWhoHasItCanCheck() throws IOException {
        KeyFile file = new KeyFile(directory.resolve("key"), null);
        RepositoryKey former = file.create();
        FileSystemStore other = FileSystemStore.create(directory.resolve("other"));
        Repository.init(other, former, RepositoryTest.CLUSTER, RepositoryTest.CREATED);
        KeyRotation.run(file, Repository.open(other, former), AT, "ops@backup1");
        append(Repository.open(other, file.load()).audit(), "plan");
        append(Repository.open(other, former).audit(), "capture");
        append(Repository.open(other, file.load()).audit(), "plan");
        List<Finding> findings = new ArrayList<>();
        List<AuditEntry> entries = new ArrayList<>();
        Repository.open(other, file.load()).readAudit(List.of(), entries::add, findings::add);
        assertThat(findings).isEmpty();
        assertThat(entries)
                .extracting(AuditEntry::key)
                .containsExactly(
                        file.load().primaryKeyId(),
                        former.primaryKeyId(),
                        file.load().primaryKeyId());
        Repository.open(other, former).readAudit(List.of(), entry -> {}, findings::add);
        assertThat(findings).extracting(Finding::severity).containsOnly(Severity.UNKNOWN);
    }
}
