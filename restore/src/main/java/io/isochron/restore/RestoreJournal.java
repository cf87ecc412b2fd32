package io.isochron.restore;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a restore has done so far, in one file of its target directory that is only ever replaced atomically. Whoever finds it can go on.
 *
 * <p>It survives the end of this program at any instant. It is synced only when it must survive the end of the host as well: when it begins, and
 * when it says that a shard's data is durable; anything between is distrusted after another boot in any case.
 *
 * <p>Thread-safe.
 */
final class RestoreJournal {

    static final String FILE = "isochron-restore.json";

    /** What becomes {@link #FILE} once it is whole. */
    static final String NEXT = FILE + ".new";

    private final Path directory;
    private Content content;

    private RestoreJournal(Path directory, Content content) {
        this.directory = directory;
        this.content = content;
    }

    /**
     * The file's content.
     *
     * @param bootId the host's boot id when data was last written without syncing; after another boot that data cannot be trusted
     */
    record Content(RestorePlan plan, String bootId, Map<String, ShardState> shards) {
        Content {
            shards = java.util.Collections.unmodifiableMap(new TreeMap<>(shards));
        }
    }

    /**
     * One shard.
     *
     * @param phase the phase reached
     * @param socketDirectory where its server's socket lies, or null before it was first started
     * @param superuser the role that works inside, once known
     * @param baseCounts rows at the snapshot's end, or null if they were not counted
     * @param baseUncounted why they were not counted, or null
     * @param baseLsn where they were counted
     */
    record ShardState(
            RestorePhase phase,
            @Nullable String socketDirectory,
            @Nullable String superuser,
            @Nullable List<TableCount> baseCounts,
            @Nullable String baseUncounted,
            io.isochron.wal.@Nullable Lsn baseLsn) {

        static final ShardState NEW = new ShardState(RestorePhase.STARTED, null, null, null, null, null);

        ShardState with(RestorePhase next) {
            return new ShardState(next, socketDirectory, superuser, baseCounts, baseUncounted, baseLsn);
        }

        ShardState withSocket(String socket) {
            return new ShardState(phase, socket, superuser, baseCounts, baseUncounted, baseLsn);
        }

        ShardState withSuperuser(String role) {
            return new ShardState(phase, socketDirectory, role, baseCounts, baseUncounted, baseLsn);
        }

        ShardState counted(io.isochron.wal.Lsn at, @Nullable List<TableCount> counts, @Nullable String why) {
            return new ShardState(phase, socketDirectory, superuser, counts, why, at);
        }
    }

    /** Begins the journal of a plan in a directory that exists. */
    static RestoreJournal create(Path directory, RestorePlan plan) throws IOException {
        Map<String, ShardState> shards = new TreeMap<>();
        plan.shards().forEach(shard -> shards.put(shard.shard(), ShardState.NEW));
        RestoreJournal journal = new RestoreJournal(directory, new Content(plan, bootId(), shards));
        journal.save(true);
        return journal;
    }

    /** The journal in a directory, if there is one. */
    static Optional<RestoreJournal> load(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Content content = Json.read(Files.readAllBytes(file), Content.class, "restore journal " + file);
        return Optional.of(new RestoreJournal(directory, content));
    }

    synchronized RestorePlan plan() {
        return content.plan();
    }

    synchronized ShardState shard(String name) {
        ShardState state = content.shards().get(name);
        if (state == null) {
            throw new IllegalArgumentException("the journal in " + directory + " has no shard " + name);
        }
        return state;
    }

    /** The least phase that all shards have reached. */
    synchronized RestorePhase phase() {
        return content.shards().values().stream()
                .map(ShardState::phase)
                .min(java.util.Comparator.naturalOrder())
                .orElse(RestorePhase.STARTED);
    }

    /** Changes a shard's state. */
    synchronized void update(String name, UnaryOperator<ShardState> change) throws IOException {
        Map<String, ShardState> shards = new TreeMap<>(content.shards());
        shards.put(name, change.apply(shard(name)));
        content = new Content(content.plan(), content.bootId(), shards);
        save(shard(name).phase().reached(RestorePhase.PROVEN));
    }

    /** What is done with the files of a shard that is set back. */
    interface Discard {
        void shard(String name) throws IOException;
    }

    /**
     * Sets back every shard whose data may have been lost with the memory of a host that has gone down since: until the end of a restore nothing is
     * synced. Their files are discarded before that is written down: whoever is killed in between does it again.
     *
     * @return true if any was set back
     */
    synchronized boolean distrustAfterReboot(Discard discard) throws IOException {
        String now = bootId();
        if (content.bootId().equals(now)) {
            return false;
        }
        Map<String, ShardState> shards = new TreeMap<>();
        boolean any = false;
        for (Map.Entry<String, ShardState> shard : content.shards().entrySet()) {
            boolean durable = shard.getValue().phase().reached(RestorePhase.PROVEN);
            if (!durable) {
                discard.shard(shard.getKey());
            }
            any |= !durable;
            shards.put(shard.getKey(), durable ? shard.getValue() : ShardState.NEW);
        }
        content = new Content(content.plan(), now, shards);
        save(true);
        return any;
    }

    private void save(boolean durably) throws IOException {
        Path next = directory.resolve(NEXT);
        byte[] json = Json.write(content);
        try (FileChannel channel = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(json);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            if (durably) {
                channel.force(true);
            }
        }
        Files.move(next, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        if (durably) {
            SyncTree.syncDirectory(directory);
        }
    }

    /** Linux' random id of the running boot. Source: Linux documentation, proc(5), {@code /proc/sys/kernel/random/boot_id}. */
    private static String bootId() throws IOException {
        return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    }
}
