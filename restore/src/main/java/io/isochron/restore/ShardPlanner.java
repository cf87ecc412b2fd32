package io.isochron.restore;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Cut;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.ShardBoundary;
import io.isochron.chronicle.SnapshotPoint;
import io.isochron.chronicle.TablespaceCreated;
import io.isochron.store.Horizon;
import io.isochron.store.Repository;
import io.isochron.store.RetentionRecord;
import io.isochron.store.RetentionRecord.Positions;
import io.isochron.store.ShardIdentity;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotInfo;
import io.isochron.wal.Lsn;
import io.isochron.wal.TimelineHistory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Plans one shard's way from a snapshot to the cut, and refuses what a replay must not or cannot do. */
final class ShardPlanner {

    private final Repository repository;
    private final ClusterHistory history;

    ShardPlanner(Repository repository, ClusterHistory history) {
        this.repository = repository;
        this.history = history;
    }

    /** Whether the loaded history reaches back to where replay from a snapshot begins, on every shard. */
    boolean covers(SnapshotPoint point) {
        return history.shards().stream().allMatch(shard -> {
            List<Segment> segments = history.segments(shard);
            Lsn start = Objects.requireNonNull(point.start().get(shard));
            return !segments.isEmpty() && !segments.getFirst().start().isAfter(start);
        });
    }

    ShardPlan plan(Cut cut, SnapshotInfo snapshot, String shard) throws IOException {
        ShardIdentity identity = repository.cluster().shard(shard);
        ShardSnapshot source = snapshot.shard(shard);
        ShardBoundary boundary = cut.boundary(shard)
                .orElseThrow(() ->
                        new PlanRefusedException("the cut has no boundary for shard " + shard, "make a new plan"));
        Lsn start = new Lsn(source.startLsn());
        Lsn end = boundary.lsn();
        List<TimelineStep> steps = steps(shard, source.timeline(), start, boundary.timeline(), end);
        for (TimelineStep step : steps) {
            requireArchived(shard, identity.walSegmentSizeBytes(), step, step.timeline() == source.timeline());
        }
        SnapshotHeader header = SnapshotHeader.parse(shard, source.header());
        Map<String, String> settings = new HashMap<>(header.settings());
        inspect(shard, start, end, settings);
        return new ShardPlan(
                shard,
                identity.systemIdentifier(),
                identity.postgresMajor(),
                header.versionNum() > 0 ? header.versionNum() : identity.postgresMajor() * 10_000,
                identity.walSegmentSizeBytes(),
                snapshot.id(),
                source.timeline(),
                start,
                new Lsn(source.endLsn()),
                end,
                steps,
                source.entries(),
                source.bytes(),
                end.minus(start),
                replaySettings(settings),
                header.superuser(),
                RestorePlanner.decisions(cut, shard));
    }

    private static Map<String, String> replaySettings(Map<String, String> settings) {
        Map<String, String> kept = new HashMap<>();
        for (String name : List.of(
                "max_connections",
                "max_worker_processes",
                "max_wal_senders",
                "max_prepared_transactions",
                "max_locks_per_transaction",
                "max_replication_slots",
                "wal_level",
                "track_commit_timestamp")) {
            String value = settings.get(name);
            if (value != null) {
                kept.put(name, value);
            }
        }
        return kept;
    }

    /** The stretches of WAL from a position on one timeline to a position on another that descends from it. */
    private List<TimelineStep> steps(String shard, int from, Lsn start, int to, Lsn end) throws IOException {
        if (from == to) {
            return List.of(new TimelineStep(from, start, end));
        }
        byte[] file = repository
                .timelineHistories()
                .get(shard, to)
                .orElseThrow(() -> new PlanRefusedException(
                        "the history of timeline " + to + " of shard " + shard + " is not in the repository",
                        "let capture run until it has followed the shard to its new timeline"));
        TimelineHistory ancestry = TimelineHistory.parse(to, new String(file, StandardCharsets.UTF_8));
        List<TimelineStep> steps = new ArrayList<>();
        Lsn at = start;
        for (TimelineHistory.Ancestor ancestor : ancestry.ancestors()) {
            if (ancestor.timeline() >= from && ancestor.switchPoint().isAfter(at)) {
                steps.add(new TimelineStep(ancestor.timeline(), at, ancestor.switchPoint()));
                at = ancestor.switchPoint();
            }
        }
        if (!ancestry.contains(from)
                || at.isAfter(end)
                || (!steps.isEmpty() && steps.getFirst().timeline() != from)) {
            throw new PlanRefusedException(
                    "the snapshot of shard " + shard + " lies on timeline " + from + " at " + start
                            + ", which timeline " + to + " of the cut does not descend from",
                    "take a snapshot on the new timeline");
        }
        steps.add(new TimelineStep(to, at, end));
        return steps;
    }

    /** A server asks for WAL from the beginning of a segment file on. */
    private void requireArchived(String shard, int segmentBytes, TimelineStep step, boolean first) throws IOException {
        long from = first
                ? step.start().value() & -(long) segmentBytes
                : step.start().value();
        requireKept(shard, new Positions(from, step.end().value()));
        long reached = repository.wal().contiguousEnd(shard, step.timeline(), from);
        if (Long.compareUnsigned(reached, step.end().value()) < 0) {
            throw new PlanRefusedException(
                    "WAL of shard " + shard + " on timeline " + step.timeline() + " is archived from " + new Lsn(from)
                            + " to " + new Lsn(reached) + " only, needed is " + step.end(),
                    "WAL is missing there; moments behind the gap need a snapshot taken after it");
        }
    }

    private void requireKept(String shard, Positions needed) throws PlanRefusedException {
        Horizon horizon = repository.horizon();
        if (horizon.keepsWhole(shard, needed)) {
            return;
        }
        List<Instant> single = horizon.moments().stream()
                .map(RetentionRecord.KeptMoment::moment)
                .toList();
        throw new PlanRefusedException(
                "WAL of shard " + shard + " from " + new Lsn(needed.from()) + " to " + new Lsn(needed.to())
                        + " is not kept any more: retention gave it up",
                horizon.continuous()
                                .map(from -> "every moment from " + from + " on is kept")
                                .orElse("nothing is kept without gaps")
                        + (single.isEmpty()
                                ? ""
                                : ", and " + single.size() + " single ones from " + single.getFirst() + " to "
                                        + single.getLast() + ": `isochron info` lists them"));
    }

    private void inspect(String shard, Lsn start, Lsn end, Map<String, String> settings) throws PlanRefusedException {
        for (Segment segment : history.segments(shard)) {
            if (!segment.end().isAfter(start) || !segment.start().isBefore(end)) {
                continue;
            }
            for (TablespaceCreated tablespace : segment.tablespaces()) {
                if (tablespace.at().isAfter(start) && !tablespace.at().isAfter(end)) {
                    throw new PlanRefusedException(
                            "shard " + shard + " created a tablespace in " + tablespace.path() + " at "
                                    + tablespace.at()
                                    + ", after the snapshot: replaying that would write to this path on this host",
                            "take a snapshot now, and restore moments after it from there");
                }
            }
            if (!segment.customResourceManagers().isEmpty()) {
                throw new PlanRefusedException(
                        "the WAL of shard " + shard + " between " + start + " and " + end
                                + " needs the extension's resource manager "
                                + segment.customResourceManagers().getFirst(),
                        "this version of isochron replays PostgreSQL's own records only");
            }
            segment.parameters().forEach(change -> SnapshotHeader.apply(settings, change));
        }
    }
}
