package io.isochron.upkeep;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.WalRange;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Tells where a snapshot began and ended whose publishing object is damaged, so that what it served can be named. PostgreSQL's own backup manifest, which is one of its files, says it ({@code WAL-Ranges},
 * documentation, chapter "Backup Manifest Format"). Where that cannot be read either it may have served everything from the beginning of the archive on, and that is what is said.
 */
final class SnapshotTraces {
    private final Repository repository;
    private final SingleMoments.Times times;

    SnapshotTraces(Repository repository, SingleMoments.Times times) {
        this.repository = repository;
        this.times = times;
    }

    /** Positions, unsigned, on the newest of some timelines. */
    private record Range(int timeline, long start, long end) {
        Range and(Range other) {
            return new Range(
                    Math.max(timeline, other.timeline),
                    Long.compareUnsigned(start, other.start) <= 0 ? start : other.start,
                    Long.compareUnsigned(end, other.end) >= 0 ? end : other.end);
        }
    }

    /** The snapshot as far as it is known: shards, positions and the time of its beginning; no sizes and no headers. */
    SnapshotInfo of(String id) throws IOException {
        List<String> shards = repository.snapshots().shards(id);
        if (shards.isEmpty()) {
            shards = repository.cluster().shards().stream()
                    .map(ShardIdentity::name)
                    .toList();
        }
        List<ShardSnapshot> parts = new ArrayList<>();
        long begun = Long.MAX_VALUE;
        for (String shard : shards) {
            Optional<Range> known = stated(id, shard);
            Range range = known.isPresent() ? known.get() : everything(shard);
            parts.add(new ShardSnapshot(shard, range.timeline(), range.start(), range.end(), 0, 0, 0, 0, 0, "{}"));
            begun = Math.min(begun, times.of(shard).notBefore(new Lsn(range.start())));
        }
        return new SnapshotInfo(id, VerdictFinder.instant(begun), "{}", parts);
    }

    private Optional<Range> stated(String id, String shard) throws IOException {
        try (InputStream json = repository.snapshots().backupManifest(id, shard).orElse(null)) {
            return json == null ? Optional.empty() : range(json);
        } catch (ObjectDamagedException | ObjectNotFoundException | JacksonException e) {
            return Optional.empty();
        }
    }

    private static Optional<Range> range(InputStream json) {
        Range all = null;
        try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), json)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean ranges = parser.currentName().equals("WAL-Ranges");
                parser.nextToken();
                if (!ranges) {
                    parser.skipChildren();
                    continue;
                }
                while (parser.nextToken() == JsonToken.START_OBJECT) {
                    Range one = one(parser);
                    all = all == null ? one : all.and(one);
                }
            }
        }
        return Optional.ofNullable(all);
    }

    private static Range one(JsonParser parser) {
        int timeline = 0;
        long start = 0;
        long end = 0;
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "Timeline" -> timeline = parser.getIntValue();
                case "Start-LSN" -> start = Lsn.parse(parser.getString()).value();
                case "End-LSN" -> end = Lsn.parse(parser.getString()).value();
                default -> parser.skipChildren();
            }
        }
        return new Range(timeline, start, end);
    }

    /** As if it had begun with the archive. */
    private Range everything(String shard) throws IOException {
        long floor = repository.horizon().floor(shard).wal();
        for (int timeline : repository.wal().timelines(shard)) {
            try (Stream<WalRange> pieces = repository.wal().list(shard, timeline, floor)) {
                Optional<WalRange> first = pieces.findFirst();
                if (first.isPresent()) {
                    long start = first.get().start();
                    long from = Long.compareUnsigned(start, floor) < 0 ? floor : start;
                    return new Range(timeline, from, from);
                }
            }
        }
        return new Range(1, floor, floor);
    }
}
