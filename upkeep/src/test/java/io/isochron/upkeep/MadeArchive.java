package io.isochron.upkeep;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.DdlMessages;
import io.isochron.chronicle.Event;
import io.isochron.chronicle.LedgerBuilder;
import io.isochron.chronicle.LedgerCodec;
import io.isochron.chronicle.LedgerEntry;
import io.isochron.chronicle.LedgerLevel;
import io.isochron.chronicle.LedgerRollup;
import io.isochron.chronicle.SafePoint;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.SegmentCodec;
import io.isochron.objects.ObjectStore;
import io.isochron.store.ClusterIdentity;
import io.isochron.store.LedgerStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import io.isochron.store.ShardIdentity;
import io.isochron.store.ShardSnapshotWriter;
import io.isochron.store.SnapshotOptions;
import io.isochron.store.SnapshotWriter;
import io.isochron.store.WalRange;
import io.isochron.wal.Lsn;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The archive of a cluster over days, made by the real builders and codecs: a piece of WAL and a segment each minute for every shard, minutes and roll-ups of the ledger, snapshots when asked. Its WAL is
 * zeros, since nothing of it is replayed here.
 */
final class MadeArchive implements InstantSource {
    static final Instant BEGIN = Instant.parse("2027-03-01T00:00:00Z");
    static final List<String> SHARDS = List.of("a", "b");

    private static final int SEGMENT_BYTES = 1 << 20;
    private static final int MINUTE_BYTES = 64 << 10;

    private final Map<String, Shard> shards = new HashMap<>();
    final Repository repository;
    private long minutes;

    MadeArchive(ObjectStore store, RepositoryKey key) throws IOException {
        List<ShardIdentity> identities = new ArrayList<>();
        for (String shard : SHARDS) {
            identities.add(new ShardIdentity(shard, "10" + identities.size(), 17, SEGMENT_BYTES));
            shards.put(shard, new Shard(shard));
        }
        repository = Repository.init(store, key, new ClusterIdentity(UUID.randomUUID(), "made", identities), BEGIN);
    }

    /** The end of what is archived. */
    @Override
    public Instant instant() {
        return BEGIN.plus(minutes, ChronoUnit.MINUTES);
    }

    /** Goes on for some time, with all shards or only some. */
    void run(int more, List<String> running) throws IOException {
        for (int i = 0; i < more; i++) {
            for (String shard : running) {
                shard(shard).minute();
            }
            minutes++;
        }
    }

    /** Nothing is captured for some time. */
    void pause(int more) {
        minutes += more;
    }

    private Shard shard(String name) {
        Shard shard = shards.get(name);
        if (shard == null) {
            throw new IllegalArgumentException(name);
        }
        return shard;
    }

    /** Writes the parts, two minutes long, and publishes it if wanted. */
    SnapshotWriter written(List<String> of, boolean publish) throws IOException {
        SnapshotWriter writer = repository.snapshots().begin(instant(), SnapshotOptions.DEFAULT);
        Map<String, Lsn> start = new HashMap<>();
        Map<String, ShardSnapshotWriter> parts = new HashMap<>();
        for (String shard : of) {
            start.put(shard, shard(shard).position);
            ShardSnapshotWriter part = writer.shard(shard);
            part.file("PG_VERSION", 0600, 0, 3, new ByteArrayInputStream(new byte[] {'1', '7', '\n'}));
            parts.put(shard, part);
        }
        run(2, of);
        for (String shard : of) {
            ShardSnapshotWriter part = parts.get(shard);
            Lsn from = start.get(shard);
            if (part != null && from != null) {
                part.backupManifest(new ByteArrayInputStream(
                        manifest(from, shard(shard).position).getBytes(StandardCharsets.UTF_8)));
                part.finish(1, from.value(), shard(shard).position.value(), "{}");
            }
        }
        if (publish) {
            writer.publish("{}");
        }
        return writer;
    }

    /** What PostgreSQL says of a base backup. */
    private static String manifest(Lsn start, Lsn end) {
        return "{\"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n{ \"Path\": \"PG_VERSION\", \"Size\": 3 }\n],\n"
                + "\"WAL-Ranges\": [\n{ \"Timeline\": 1, \"Start-LSN\": \"%s\", \"End-LSN\": \"%s\" }\n]}\n"
                        .formatted(start, end);
    }

    /** One shard's. */
    private final class Shard {
        private final String name;
        private final LedgerBuilder builder;
        private Lsn position = new Lsn(16L * SEGMENT_BYTES);
        private long sequence;
        private int xid = 1000;
        private String sha256 = Segment.NO_PREVIOUS;
        private @Nullable LedgerEntry before;
        private byte[] encodedBefore = {};
        private @Nullable LedgerRollup hour;
        private @Nullable LedgerRollup day;

        Shard(String name) {
            this.name = name;
            this.builder = LedgerBuilder.first(name);
        }

        void minute() throws IOException {
            long from = ChronoUnit.MICROS.between(Instant.EPOCH, instant());
            long to = from + LedgerLevel.MINUTE.micros() - 1;
            Lsn end = position.plus(MINUTE_BYTES);
            repository
                    .wal()
                    .write(new WalRange(name, 1, position.value(), end.value()), ByteBuffer.allocate(MINUTE_BYTES));
            Event commit = new Event(
                    Event.Kind.COMMIT,
                    position.plus(1000),
                    position.plus(1000),
                    position.plus(1048),
                    ++xid,
                    from + 1_000_000,
                    null,
                    5,
                    List.of());
            Segment segment = new Segment(
                    name,
                    sequence,
                    sha256,
                    1,
                    position,
                    end,
                    end,
                    end,
                    4,
                    0,
                    from,
                    to,
                    new SafePoint(end, to - 1000, to - 1000),
                    List.of(new ClockBounds(from, -200, 300), new ClockBounds(to, -200, 300)),
                    List.of(),
                    List.of(commit),
                    List.of(),
                    List.of(),
                    List.of(),
                    end,
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    DdlMessages.NONE);
            byte[] encoded = SegmentCodec.encode(segment);
            repository.chronicle().append(name, sequence, encoded);
            sha256 = SegmentCodec.sha256(encoded);
            sequence++;
            position = end;
            Optional<LedgerEntry> over = builder.add(segment, sha256);
            if (over.isPresent()) {
                ledger(over.get());
            }
        }

        private void ledger(LedgerEntry minute) throws IOException {
            long period = LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, minute.period());
            if (before != null
                    && hour != null
                    && LedgerLevel.HOUR.periodOf(LedgerLevel.MINUTE, before.period()) != period) {
                hourOver(hour.finish(SegmentCodec.sha256(encodedBefore)), period);
                hour = null;
            }
            LedgerRollup hourly = hour == null ? new LedgerRollup(LedgerLevel.HOUR) : hour;
            hourly.add(minute);
            hour = hourly;
            before = minute;
            encodedBefore = LedgerCodec.encode(minute);
            repository.ledger().append(name, minute.number(), encodedBefore);
        }

        private void hourOver(LedgerEntry made, long nextHour) throws IOException {
            LedgerRollup daily = day == null ? new LedgerRollup(LedgerLevel.DAY) : day;
            daily.add(made);
            byte[] encoded = LedgerCodec.encode(made);
            repository.ledger().appendRollup(name, LedgerStore.Rollup.HOUR, made.period(), encoded);
            day = daily;
            if (LedgerLevel.DAY.periodOf(LedgerLevel.HOUR, nextHour)
                    != LedgerLevel.DAY.periodOf(LedgerLevel.HOUR, made.period())) {
                LedgerEntry whole = daily.finish(SegmentCodec.sha256(encoded));
                repository
                        .ledger()
                        .appendRollup(name, LedgerStore.Rollup.DAY, whole.period(), LedgerCodec.encode(whole));
                day = null;
            }
        }
    }
}
