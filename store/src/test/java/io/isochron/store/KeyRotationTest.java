package io.isochron.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.FileSystemStore;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyRotationTest {
    private static final Instant WHEN = Instant.parse("2026-11-23T08:00:00Z");
    private static final String WHO = "ops@backup1";

    @TempDir
    Path directory;

    private KeyFile file;
    private FileSystemStore store;
    private RepositoryKey first;

    @BeforeEach
    void makeRepository() throws IOException {
        file = new KeyFile(directory.resolve("shop.key"), null);
        first = file.create();
        store = FileSystemStore.create(directory.resolve("repository"));
        Repository.init(store, first, RepositoryTest.CLUSTER, RepositoryTest.CREATED);
    }

    private Repository open() throws IOException {
        return Repository.open(store, file.load());
    }

    private static void put(Repository repository, String id) throws IOException {
        repository.documents().put("test", id, id.getBytes(StandardCharsets.UTF_8));
    }

    private static String get(Repository repository, String id) throws IOException {
        return new String(repository.documents().get("test", id).orElseThrow(), StandardCharsets.UTF_8);
    }

    private static List<Finding> verify(Repository repository) throws IOException {
        List<Finding> findings = new ArrayList<>();
        repository.verify(VerifyScope.ALL, findings::add);
        return findings;
    }

    @Test
    void aNewKeySealsAndTheFormerOnesGoOnToOpenWhatTheySealed() throws IOException {
        put(open(), "old");
        byte[] before = Files.readAllBytes(file.path());

        KeyRotation.Done done = KeyRotation.run(file, open(), WHEN, WHO);
        put(open(), "new");
        KeyRotation.Done again = KeyRotation.run(file, open(), WHEN.plusSeconds(1), WHO);
        put(open(), "newest");

        Repository repository = open();
        assertThat(get(repository, "old")).isEqualTo("old");
        assertThat(get(repository, "new")).isEqualTo("new");
        assertThat(get(repository, "newest")).isEqualTo("newest");
        assertThat(file.load().primaryKeyId()).isEqualTo(again.to());
        assertThat(file.load().keyIds()).hasSize(3).contains(first.primaryKeyId(), done.to(), again.to());
        assertThat(done.backup().orElseThrow()).hasBinaryContent(before);
        for (Path kept : List.of(file.path(), done.backup().orElseThrow())) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)))
                    .isEqualTo("rw-------");
        }
        assertThat(repository.keys().changes())
                .containsExactly(
                        new KeyChange(1, first.primaryKeyId(), done.to(), WHEN, WHO),
                        new KeyChange(2, done.to(), again.to(), WHEN.plusSeconds(1), WHO));
        assertThat(verify(repository)).isEmpty();
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "repository",
                            "shop.key",
                            "shop.key.lock",
                            "shop.key.before-" + done.to(),
                            "shop.key.before-" + again.to());
        }
    }

    @Test
    void whoStillHasTheFormerKeyIsToldWhichOneIsLackingAndSinceWhen() throws IOException {
        put(open(), "old");
        KeyRotation.Done done = KeyRotation.run(file, open(), WHEN, WHO);
        put(open(), "new");
        KeyRotation.run(file, open(), WHEN.plusSeconds(1), WHO);

        Repository behind = Repository.open(store, first);
        assertThat(get(behind, "old")).isEqualTo("old");
        assertThatThrownBy(() -> get(behind, "new"))
                .isInstanceOf(KeyRotatedException.class)
                .hasMessageContaining("does not open with key " + first.primaryKeyId())
                .hasMessageContaining("rotated to " + done.to() + " on 2026-11-23T08:00:00Z by ops@backup1")
                .hasMessageContaining("copy the new key file here");
        assertThat(behind.keys().whole()).isFalse();
        assertThat(verify(behind))
                .isNotEmpty()
                .allMatch(finding -> finding.severity() == Finding.Severity.UNKNOWN, "not called damaged");
        assertThatThrownBy(() -> KeyRotation.plan(behind)).isInstanceOf(KeyFileException.class);
        // what it seals is read by everybody
        put(behind, "late");
        assertThat(get(open(), "late")).isEqualTo("late");
    }

    @Test
    void withoutARotationWhatDoesNotOpenIsDamaged() throws IOException {
        put(open(), "old");
        Path victim = directory.resolve("repository/document/test/old");
        byte[] bytes = Files.readAllBytes(victim);
        bytes[bytes.length - 1] ^= 1;
        Files.delete(victim);
        Files.write(victim, bytes);
        assertThatThrownBy(() -> get(open(), "old")).isInstanceOf(ObjectDamagedException.class);
        KeyRotation.run(file, open(), WHEN, WHO);
        assertThatThrownBy(() -> get(open(), "old")).isInstanceOf(ObjectDamagedException.class);
    }

    @Test
    void whereverARotationIsInterruptedTheSameCommandFinishesItWithTheSameKey() throws IOException {
        // after the first step: the key is in the file, no record names it
        RepositoryKey both = first.withNewKey();
        String id = fresh(both);
        try (KeyFile.Change change = file.change()) {
            change.replace(both, id);
        }
        put(open(), "a");
        assertThat(Repository.open(store, first).documents().get("test", "a")).isPresent();
        assertThat(KeyRotation.plan(open()))
                .isEqualTo(
                        new KeyRotation.Plan(KeyRotation.Step.RECORD, first.primaryKeyId(), java.util.Optional.of(id)));

        // after the second: it is recorded and does not seal
        open().recordKey(id, WHEN, WHO);
        put(open(), "b");
        assertThat(Repository.open(store, first).documents().get("test", "b")).isPresent();
        assertThat(KeyRotation.plan(open()).step()).isEqualTo(KeyRotation.Step.USE);

        KeyRotation.Done done = KeyRotation.run(file, open(), WHEN, WHO);
        assertThat(done.to()).isEqualTo(id);
        assertThat(file.load().primaryKeyId()).isEqualTo(id);
        assertThat(open().keys().changes()).hasSize(1);
        assertThat(KeyRotation.plan(open()).step()).isEqualTo(KeyRotation.Step.NEW);
        assertThat(verify(open())).isEmpty();
    }

    private String fresh(RepositoryKey both) {
        return both.keyIds().stream()
                .filter(key -> !first.keyIds().contains(key))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void ofTwoHostsThatRotateAtOnceOneIsRefusedAndLosesNothing() throws IOException {
        KeyFile other = new KeyFile(directory.resolve("other.key"), null);
        Files.copy(file.path(), other.path(), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        Repository here = open();
        Repository there = Repository.open(store, other.load());
        KeyRotation.run(file, here, WHEN, WHO);
        assertThatThrownBy(() -> KeyRotation.run(other, there, WHEN, WHO))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("copy the key file");
        assertThat(other.load().keyIds()).containsAll(first.keyIds());
        assertThat(file.load().primaryKeyId()).isEqualTo(open().keys().current());
    }

    @Test
    void aKeyFileThatIsBeingChangedOrWasChangedMeanwhileIsLeftAlone() throws IOException {
        Repository repository = open();
        try (KeyFile.Change change = file.change()) {
            assertThatThrownBy(file::change)
                    .isInstanceOf(KeyFileException.class)
                    .hasMessageContaining("another process");
            byte[] foreign = "someone else's".getBytes(StandardCharsets.UTF_8);
            Files.write(file.path(), foreign);
            assertThatThrownBy(() -> change.replace(change.key().withNewKey(), "x"))
                    .isInstanceOf(KeyFileException.class)
                    .hasMessageContaining("changed meanwhile");
            assertThat(file.path()).hasBinaryContent(foreign);
        }
        Files.delete(file.path());
        file.create();
        assertThatThrownBy(() -> KeyRotation.run(file, repository, WHEN, WHO))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("changed meanwhile");
    }

    @Test
    void aRecordThatWasWrittenAgainByWhoHasTheKeyIsFoundByTheOneAfter() throws IOException {
        String to = KeyRotation.run(file, open(), WHEN, WHO).to();
        KeyRotation.run(file, open(), WHEN, WHO);
        Path two = directory.resolve("repository/key/00000002");
        Path aside = directory.resolve("aside");
        Files.move(two, aside);
        Files.delete(directory.resolve("repository/key/00000001"));
        open().recordKey(to, WHEN, "somebody@else");
        Files.move(aside, two);
        assertThat(verify(open()))
                .singleElement()
                .satisfies(finding -> assertThat(finding.object()).isEqualTo("key/00000002"));
    }

    @Test
    void recordsThatWereRemovedOrChangedAreFound() throws IOException {
        KeyRotation.run(file, open(), WHEN, WHO);
        KeyRotation.run(file, open(), WHEN, WHO);
        Path one = directory.resolve("repository/key/00000001");
        Path two = directory.resolve("repository/key/00000002");
        Path aside = directory.resolve("aside");

        Files.move(one, aside);
        assertThatThrownBy(() -> open().keys()).isInstanceOf(ObjectNotFoundException.class);
        assertThat(verify(open())).extracting(Finding::severity).containsExactly(Finding.Severity.MISSING);
        Files.move(aside, one);

        Files.move(two, aside);
        assertThat(verify(open()))
                .singleElement()
                .satisfies(finding -> assertThat(finding.object()).isEqualTo("key/00000002"));
        Files.copy(one, two);
        assertThat(verify(open())).extracting(Finding::severity).containsExactly(Finding.Severity.DAMAGE);
    }
}
