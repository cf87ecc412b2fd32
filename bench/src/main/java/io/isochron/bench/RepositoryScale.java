package io.isochron.bench;

import io.isochron.objects.Content;
import io.isochron.objects.CopyListener;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.ReplicatedStore;
import io.isochron.store.PackFetch;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies;
import io.isochron.store.ShardSnapshotWriter;
import io.isochron.store.SnapshotEntry;
import io.isochron.store.SnapshotOptions;
import io.isochron.store.SnapshotReader;
import io.isochron.store.SnapshotWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code DIRECTORY FILES OBJECTS SEED}: a snapshot of many tiny files written, listed, planned and listed again by names, and a repository's worth of names, held by nobody, listed and merged from two copies. Prints figures, the process'
 * greatest memory among them; to be started with the heap that is to be enough.
 */
public final class RepositoryScale {
    private static final int PER_DIRECTORY = 1000;

    private RepositoryScale() {}

    public static void main(String[] args) throws Exception {
        long files = Long.parseLong(args[1]);
        Repository repository = StoringRun.repository(Path.of(args[0]));
        Random random = new Random(Long.parseLong(args[3]));
        String id = write(repository, files / 10, random);
        double tenth = read(repository, id, files / 10);
        long began = System.nanoTime();
        id = write(repository, files, random);
        System.out.println("files_write_seconds " + since(began));
        System.out.println("files_plan_seconds " + read(repository, id, files));
        System.out.println("files_plan_seconds_of_a_tenth " + tenth);
        long objects = Long.parseLong(args[2]);
        System.out.println("objects_list_seconds_of_a_tenth " + list(objects / 10));
        System.out.println("objects_list_seconds " + list(objects));
        System.out.println("heap_mib_max " + heapMib());
        System.out.println("rss_mib_max " + residentMib());
    }

    private static String write(Repository repository, long files, Random random) throws IOException {
        byte[] content = new byte[16];
        try (SnapshotWriter writer = repository.snapshots().begin(Instant.now(), SnapshotOptions.DEFAULT)) {
            ShardSnapshotWriter part = writer.shard("a");
            for (long i = 0; i < files; i++) {
                if (i % PER_DIRECTORY == 0) {
                    part.directory("base/" + i / PER_DIRECTORY, 0700, 0);
                }
                random.nextBytes(content);
                int length = 1 + (content[0] & 15);
                part.file(
                        "base/" + i / PER_DIRECTORY + "/" + (16384 + i),
                        0600,
                        0,
                        length,
                        new ByteArrayInputStream(content, 0, length));
            }
            part.finish(1, 1, 2, "{}");
            writer.publish("{}");
            return writer.id();
        }
    }

    /** Lists the entries and what is to be fetched from which pack. */
    private static double read(Repository repository, String id, long files) throws IOException {
        long began = System.nanoTime();
        SnapshotReader reader = repository.snapshots().open(id);
        long listed;
        try (Stream<SnapshotEntry> entries = reader.entries("a")) {
            listed =
                    entries.filter(entry -> entry instanceof SnapshotEntry.File).count();
        }
        long planned = 0;
        try (Stream<PackFetch> packs = reader.packs("a")) {
            for (Iterator<PackFetch> i = packs.iterator(); i.hasNext(); ) {
                planned += i.next().pieces().size();
            }
        }
        if (listed != files || planned < files) {
            throw new IOException("of " + files + " files " + listed + " were listed and " + planned + " planned");
        }
        return since(began);
    }

    private static double list(long objects) throws IOException {
        long began = System.nanoTime();
        Map<String, ObjectStore> copies = Map.of("one", new Names(objects), "other", new Names(objects));
        long listed;
        try (ReplicatedStore store = RepositoryCopies.of(copies, 2, ReplicatedStore.Role.READER, CopyListener.NONE);
                Stream<ObjectInfo> all = store.list("wal/", null)) {
            listed = all.count();
        }
        if (listed != objects) {
            throw new IOException("of " + objects + " objects " + listed + " were listed");
        }
        return since(began);
    }

    private static double since(long began) {
        return Math.round((System.nanoTime() - began) / 1e7) / 1e2;
    }

    private static long heapMib() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                        .filter(pool -> pool.getType() == MemoryType.HEAP)
                        .map(MemoryPoolMXBean::getPeakUsage)
                        .mapToLong(usage -> usage.getUsed())
                        .sum()
                >> 20;
    }

    private static long residentMib() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .sum()
                    >> 10;
        }
    }

    /** A store of names that are made when they are listed. */
    private record Names(long objects) implements ObjectStore {
        private static final long PIECE = 1 << 16;

        @Override
        public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) {
            return LongStream.range(0, objects)
                    .mapToObj(i -> String.format(Locale.ROOT, "%016x-%016x", i * PIECE, (i + 1) * PIECE))
                    .map(range -> new ObjectName("wal/s0001/00000001/" + range.substring(0, 9) + "/" + range))
                    .filter(name ->
                            name.value().startsWith(prefix) && (startAfter == null || name.compareTo(startAfter) > 0))
                    .map(name -> new ObjectInfo(name, PIECE));
        }

        @Override
        public Optional<ObjectInfo> stat(ObjectName name) {
            return Optional.of(new ObjectInfo(name, PIECE));
        }

        @Override
        public InputStream open(ObjectName name, long offset, long length) throws IOException {
            throw new ObjectNotFoundException(name, describe());
        }

        @Override
        public void create(ObjectName name, Content content) {
            throw new UnsupportedOperationException("names only");
        }

        @Override
        public void delete(ObjectName name) {
            throw new UnsupportedOperationException("names only");
        }

        @Override
        public void replace(ObjectName name, Content content) {
            throw new UnsupportedOperationException("names only");
        }

        @Override
        public String describe() {
            return "names";
        }
    }
}
