package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.instance.TempDirs;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.store.WalArchiveReader;
import io.isochron.store.WalRange;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DurableArchiveTest {
    private static final long START = 16 << 20;
    private static final int BYTES = 4096;

    private Path directory;

    @BeforeEach
    void make() throws Exception {
        directory = Files.createTempDirectory("isochron-durable-");
    }

    @AfterEach
    void remove() throws Exception {
        TempDirs.delete(directory);
    }

    /** The process may have ended after the first half, or the answer to it was lost; that half may have become damaged too. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void a_damaged_piece_is_archived_again_also_if_an_attempt_ended_in_its_middle(int earlier) throws Exception {
        Repository repository = Repository.init(
                FileSystemStore.create(directory.resolve("repository")),
                RepositoryKey.random(),
                new ClusterIdentity(UUID.randomUUID(), "test", List.of(new ShardIdentity("a", "1", 17, 16 << 20))),
                Instant.now());
        DurableArchive archive = new DurableArchive(repository, "a", new ShardMonitor("a"), Duration.ofMillis(1));
        byte[] bytes = new byte[BYTES];
        new Random(5).nextBytes(bytes);
        WalRange whole = new WalRange("a", 1, START, START + BYTES);
        archive.wal(whole, ByteBuffer.wrap(bytes));
        damageAll();
        if (earlier > 0) {
            repository
                    .wal()
                    .write(
                            new WalRange("a", 1, START, START + BYTES / 2),
                            ByteBuffer.wrap(bytes, 0, BYTES / 2).slice());
        }
        if (earlier > 1) {
            damageAll();
        }

        archive.wal(whole, ByteBuffer.wrap(bytes));

        ByteBuffer read = ByteBuffer.allocate(BYTES);
        try (WalArchiveReader reader = repository.wal().openReader("a", 1, START)) {
            while (read.hasRemaining()) {
                assertThat(reader.read(read)).isPositive();
            }
        }
        assertThat(read.array()).isEqualTo(bytes);
    }

    /** Flips a bit of every piece of WAL that is there. */
    private void damageAll() throws Exception {
        try (Stream<Path> files = Files.walk(directory.resolve("repository").resolve("wal"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                byte[] stored = Files.readAllBytes(file);
                stored[stored.length / 2] ^= 1;
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
                Files.write(file, stored);
            }
        }
    }
}
