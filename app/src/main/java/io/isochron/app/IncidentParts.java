package io.isochron.app;

import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.Event;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.Target;
import io.isochron.restore.ChronicleReader;
import io.isochron.restore.DeletedTuples;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * All branches of the transaction that did the damage, and where in each shard's WAL it worked: what a back-fill needs to give back
 * exactly its rows.
 */
final class IncidentParts {
    private static final Duration AROUND = Duration.ofHours(1);

    /**
     * One branch.
     *
     * @param timeline PostgreSQL timeline of its commit
     * @param from a position at or before its first change
     * @param to end of its commit
     * @param xids it and its subtransactions
     */
    record Part(String shard, int timeline, Lsn from, Lsn to, List<Integer> xids) {
        Set<Integer> xidSet() {
            return Set.copyOf(xids);
        }
    }

    private IncidentParts() {}

    /**
     * Finds the branches on all shards.
     *
     * @param near a moment near the transaction, to read only that part of the chronicle; null to read all of it
     */
    static Map<String, Part> find(
            Repository repository, Dialect dialect, Target.BeforeTransaction target, @Nullable Instant near)
            throws IOException, AppException {
        ChronicleReader reader = new ChronicleReader(repository);
        if (near != null) {
            Optional<Map<String, Part>> parts =
                    in(reader.segments(near.minus(AROUND), near.plus(AROUND)), dialect, target, true);
            if (parts.isPresent()) {
                return parts.get();
            }
        }
        return in(reader.segments(null, null), dialect, target, false)
                .orElseThrow(() -> new AppException(
                        ExitCode.FAILED,
                        "transaction " + Integer.toUnsignedString(target.xid()) + " of shard " + target.shard()
                                + " is not known to have committed",
                        "`isochron find` shows transactions as shard and xid."));
    }

    private static Optional<Map<String, Part>> in(
            Map<String, List<Segment>> segments, Dialect dialect, Target.BeforeTransaction target, boolean cutOff) {
        Event first = null;
        for (Segment segment : segments.getOrDefault(target.shard(), List.of())) {
            for (Event event : segment.events()) {
                if (event.commits() && event.xid() == target.xid()) {
                    first = event;
                }
            }
        }
        if (first == null) {
            return Optional.empty();
        }
        String gid = first.gid();
        String global = gid == null ? null : dialect.globalTransaction(gid).orElse(gid);
        Map<String, Part> parts = new TreeMap<>();
        for (Map.Entry<String, List<Segment>> shard : segments.entrySet()) {
            for (Segment segment : shard.getValue()) {
                for (Event event : segment.events()) {
                    String other = event.gid();
                    boolean same = shard.getKey().equals(target.shard())
                            ? event.end().equals(first.end())
                            : global != null
                                    && other != null
                                    && global.equals(
                                            dialect.globalTransaction(other).orElse(other));
                    if (same && event.commits()) {
                        Optional<Part> part = part(shard.getKey(), shard.getValue(), segment, event, cutOff);
                        if (part.isEmpty()) {
                            return Optional.empty();
                        }
                        parts.put(shard.getKey(), part.get());
                    }
                }
            }
        }
        return Optional.of(parts);
    }

    /** Empty when the transaction may have begun before what was read. */
    private static Optional<Part> part(
            String shard, List<Segment> segments, Segment commits, Event event, boolean cutOff) {
        Set<Integer> xids = new TreeSet<>(event.subxids());
        xids.add(event.xid());
        int last = segments.indexOf(commits);
        int first = last;
        for (int i = last; i >= 0; i--) {
            if (segments.get(i).rows().stream().anyMatch(rows -> xids.contains(rows.xid()))) {
                first = i;
            }
        }
        if (first == 0 && cutOff) {
            return Optional.empty();
        }
        // A record that the segment's start cuts in two is counted here, but begins before.
        Lsn from =
                first == 0 ? segments.get(0).start() : segments.get(first - 1).parserRestart();
        return Optional.of(new Part(shard, commits.timeline(), from, event.end(), new ArrayList<>(xids)));
    }

    /** Reads from the archived WAL which tuples of a database the branch deleted. */
    static long deletions(Repository repository, Part part, int databaseOid, DeletedTuples.Sink sink)
            throws IOException {
        return DeletedTuples.scan(
                repository,
                part.shard(),
                part.timeline(),
                part.from(),
                part.to(),
                part.xids(),
                (relation, block, offset) -> {
                    if (relation.databaseOid() == databaseOid) {
                        sink.deleted(relation, block, offset);
                    }
                });
    }
}
