package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.app.SampleLedger;
import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.objects.FileSystemStore;
import io.isochron.restore.LedgerReader;
import io.isochron.restore.ShardLedger;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The newest minute of a busy shard, which is not over: two minutes are stored, then there are segments, and parts of what they say. */
class LedgerReaderTest {
    private static final String SHARD = "shard1";

    @TempDir
    Path directory;

    private Repository repository;

    @BeforeEach
    void generate() throws IOException {
        repository = repository(store());
        new SampleLedger(repository, SHARD, 0, 3_600_000_000L, 400, 1).make(3, 1);
    }

    private static Repository repository(Path store) throws IOException {
        return Repository.init(
                FileSystemStore.create(store),
                RepositoryKey.random(),
                new ClusterIdentity(UUID.randomUUID(), "bench", List.of(new ShardIdentity(SHARD, "1", 17, 16 << 20))),
                Instant.EPOCH);
    }

    private Path store() {
        return directory.resolve("store");
    }

    private ShardLedger read() throws IOException {
        return Objects.requireNonNull(new LedgerReader(repository)
                .window(null, null, LedgerLevel.HOUR)
                .get(SHARD));
    }

    @Test
    void aPartOfTheNewestMinuteSaysTheSameAsItsSegmentsWhichAreThenNotRead() throws Exception {
        Path parts = store().resolve("ledger/s0001/part");
        Path aside = directory.resolve("aside");
        Files.move(parts, aside);
        ShardLedger fromSegments = read();
        Files.move(aside, parts);
        LedgerEntry part =
                LedgerCodec.decode(repository.ledger().findPart(SHARD, 3, 5).orElseThrow());
        for (long sequence = part.cover().firstSequence();
                sequence <= part.cover().lastSequence();
                sequence++) {
            Files.delete(store().resolve("chronicle/s0001/000000000000/%016d".formatted(sequence)));
        }
        ShardLedger fromPart = read();

        assertThat(part.cover().lastSequence() - part.cover().firstSequence()).isGreaterThan(90);
        assertThat(fromPart.entries()).hasSize(4);
        assertThat(fromPart.entries().getLast().digest().commits()).isEqualTo(24_000);
        assertThat(fromPart).isEqualTo(fromSegments);
        assertThat(fromPart.breaks()).isEmpty();
    }

    @Test
    void aSegmentThatWasExchangedBehindThePartIsReported() throws Exception {
        LedgerEntry part =
                LedgerCodec.decode(repository.ledger().findPart(SHARD, 3, 5).orElseThrow());
        // the same shard of another history
        Path other = directory.resolve("other");
        Repository exchanged = repository(other);
        new SampleLedger(exchanged, SHARD, 0, 3_600_000_000L, 400, 2).make(3, 1);
        for (long sequence = part.cover().lastSequence() + 1; sequence < 123; sequence++) {
            Files.delete(store().resolve("chronicle/s0001/000000000000/%016d".formatted(sequence)));
            repository.chronicle().append(SHARD, sequence, exchanged.chronicle().read(SHARD, sequence));
        }

        assertThat(read().breaks()).singleElement().asString().contains("was made after another segment");
    }
}
