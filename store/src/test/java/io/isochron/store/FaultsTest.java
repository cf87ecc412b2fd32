package io.isochron.store;

import static io.isochron.store.RepositoryTest.CLUSTER;
import static io.isochron.store.RepositoryTest.CREATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.FaultyStore;
import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectStoreContract;
import io.isochron.objects.StoreFullException;
import io.isochron.store.Finding.Severity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A store that fails is never taken for one that lacks something. */
class FaultsTest {
    private static final String NORTH = "north-customers";

    private final RepositoryKey key = RepositoryKey.random();
    private final MemoryStore memory = new MemoryStore();
    private String failing = "";
    private IOException failure = new IOException("connection reset");
    private final FaultyStore store = new FaultyStore(memory, (operation, name) -> {
        if (!failing.isEmpty() && (operation + " " + name).startsWith(failing)) {
            throw failure;
        }
    });

    @Test
    void aStoreThatCannotBeReadIsNotCalledEmpty() throws IOException {
        Repository.init(store, key, CLUSTER, CREATED);
        failing = "open";
        assertThatThrownBy(() -> Repository.open(store, key)).isSameAs(failure);
    }

    @Test
    void theEndOfTheChronicleIsNotGuessedWhenTheStoreFails() throws IOException {
        Repository repository = Repository.init(store, key, CLUSTER, CREATED);
        for (int i = 0; i < 10; i++) {
            repository.chronicle().append(NORTH, i, new byte[1]);
        }
        for (String operation : List.of("stat", "list", "stat chronicle/s0001/000000000000/0000000000000015")) {
            failing = operation;
            assertThatThrownBy(() -> repository.chronicle().lastSequence(NORTH)).isSameAs(failure);
        }
        failing = "open";
        assertThatThrownBy(() -> repository.chronicle().find(NORTH, 3)).isSameAs(failure);
        assertThatThrownBy(() -> repository.documents().get("cut", "x")).isSameAs(failure);
    }

    @Test
    void walThatCannotBeReadIsNeitherTheEndNorAGap() throws IOException {
        Repository repository = Repository.init(store, key, CLUSTER, CREATED);
        repository.wal().write(new WalRange(NORTH, 1, 1000, 2000), ByteBuffer.allocate(1000));
        try (WalArchiveReader reader = repository.wal().openReader(NORTH, 1, 1000)) {
            failing = "list";
            assertThatThrownBy(() -> reader.read(ByteBuffer.allocate(10))).isSameAs(failure);
            failing = "open";
            assertThatThrownBy(() -> reader.read(ByteBuffer.allocate(10))).isSameAs(failure);
            failing = "";
            assertThat(reader.read(ByteBuffer.allocate(10))).isEqualTo(10);
        }
    }

    @Test
    void aPackThatFindsNoSpaceEndsTheSnapshotAndPublishesNothing() throws IOException {
        Repository repository = Repository.init(store, key, CLUSTER, CREATED);
        failing = "create pack";
        failure = new StoreFullException("/backups", 17, 65536, new IOException("No space left on device"));
        try (SnapshotWriter writer = repository.snapshots().begin(CREATED, new SnapshotOptions(1, 64 << 10))) {
            ShardSnapshotWriter part = writer.shard(NORTH);
            byte[] content = ObjectStoreContract.random(1, 4 << 20);
            assertThatThrownBy(() -> {
                        part.file("a", 0600, 0, content.length, new ByteArrayInputStream(content));
                        part.finish(1, 1, 2, "");
                    })
                    .isSameAs(failure)
                    .hasMessageContaining("/backups: 17 bytes free");
            assertThatThrownBy(() -> writer.publish("")).isInstanceOf(IllegalStateException.class);
        }
        assertThat(repository.snapshots().list()).isEmpty();
    }

    @Test
    void verifySaysUnknownOfWhatItCannotRead() throws IOException {
        Repository repository = Repository.init(store, key, CLUSTER, CREATED);
        repository.documents().put("cut", "x", new byte[1]);
        failing = "open document";
        List<Finding> findings = new ArrayList<>();
        assertThat(repository.verify(VerifyScope.ALL, findings::add).whole()).isFalse();
        assertThat(findings).singleElement().extracting(Finding::severity).isEqualTo(Severity.UNKNOWN);
    }

    @Test
    void aSourceThatEndsEarlyIsAnErrorThatNamesTheFile() throws IOException {
        Repository repository = Repository.init(store, key, CLUSTER, CREATED);
        try (SnapshotWriter writer = repository.snapshots().begin(CREATED, SnapshotOptions.DEFAULT)) {
            assertThatThrownBy(() ->
                            writer.shard(NORTH).file("base/1", 0600, 0, 10, new ByteArrayInputStream(new byte[7])))
                    .isInstanceOf(java.io.EOFException.class)
                    .hasMessageContaining("base/1")
                    .hasMessageContaining("7 of 10");
        }
    }
}
