package io.isochron.bench;

import io.isochron.objects.FileSystemStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.ShardSnapshotWriter;
import io.isochron.store.SnapshotOptions;
import io.isochron.store.SnapshotWriter;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** {@code REPOSITORY DATA PASSES}: seals and stores all files of a data directory but its WAL with the snapshot writer, so many times, and prints figures of the last pass. */
public final class StoringRun {
    private StoringRun() {}

    static Repository repository(Path directory) throws java.io.IOException {
        return Repository.init(
                FileSystemStore.create(directory),
                RepositoryKey.random(),
                new ClusterIdentity(
                        UUID.randomUUID(),
                        "bench",
                        List.of(new ShardIdentity("a", "7000000000000000001", 15, 16 << 20))),
                Instant.now());
    }

    public static void main(String[] args) throws Exception {
        Repository repository = repository(Path.of(args[0]));
        Path data = Path.of(args[1]);
        List<Path> files;
        try (Stream<Path> walk = Files.walk(data)) {
            // what pgBackRest leaves out, too
            Path wal = data.resolve("pg_wal");
            files = walk.filter(file -> Files.isRegularFile(file) && !file.startsWith(wal))
                    .sorted()
                    .toList();
        }
        for (int pass = 1; pass <= Integer.parseInt(args[2]); pass++) {
            long began = System.nanoTime();
            long cpu = cpuNanos();
            ShardSnapshot stored;
            try (SnapshotWriter writer = repository.snapshots().begin(Instant.now(), SnapshotOptions.DEFAULT)) {
                ShardSnapshotWriter part = writer.shard("a");
                for (Path file : files) {
                    long bytes = Files.size(file);
                    try (InputStream in = Files.newInputStream(file)) {
                        part.file(data.relativize(file).toString(), 0600, 0, bytes, in);
                    }
                }
                stored = part.finish(1, 1, 2, "{}");
                writer.publish("{}");
            }
            if (pass == Integer.parseInt(args[2])) {
                System.out.println("bytes " + stored.bytes());
                System.out.println("stored_bytes " + stored.storedBytes());
                System.out.println("last_mb_per_second " + stored.bytes() / 1e6 / ((System.nanoTime() - began) / 1e9));
                System.out.println("last_mb_per_cpu_second " + stored.bytes() / 1e6 / ((cpuNanos() - cpu) / 1e9));
            }
        }
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getProcessCpuTime();
    }
}
