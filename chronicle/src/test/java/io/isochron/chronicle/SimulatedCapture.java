package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedCluster.SimulatedFence;
import io.isochron.chronicle.SimulatedCluster.SimulatedPoint;
import io.isochron.chronicle.SimulatedShard.Cutting;
import io.isochron.chronicle.SimulatedShard.Truth;
import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What capture would have made of one shard's events. */
final class SimulatedCapture {
    private final SimulatedShard shard;
    private final List<SimulatedFence> fences;
    private final List<SimulatedPoint> points;
    private final ClockTracker tracker = new ClockTracker();
    private final Map<Integer, OpenPrepared> open = new LinkedHashMap<>();

    SimulatedCapture(SimulatedShard shard, SimulatedCluster cluster) {
        this.shard = shard;
        this.fences = new ArrayList<>(cluster.fences().stream()
                .filter(fence -> fence.without() != shard.index()
                        && shard.alive(fence.at(), fence.at())
                        && shard.connected() <= fence.at())
                .toList());
        this.points = new ArrayList<>(cluster.points().stream()
                .filter(point -> point.on().contains(shard.index()) && shard.alive(point.at(), point.at()))
                .toList());
    }

    List<Segment> segments(List<Truth> truths) {
        List<Segment> segments = new ArrayList<>();
        String previous = Segment.NO_PREVIOUS;
        Lsn start = SimulatedShard.BEGIN;
        Lsn lastRecordEnd = SimulatedShard.BEGIN;
        int next = 0;
        long opened = shard.connected();
        if (opened + shard.roundTrip() < shard.cuts().getFirst().at() - 60_000 - 2 * shard.roundTrip()) {
            // capture asks for the clock as soon as it is connected
            tracker.probe(
                    opened,
                    opened + shard.roundTrip(),
                    shard.clock(opened + (long) (shard.roundTrip() * shard.readAt())));
        }
        for (Cutting cut : shard.cuts()) {
            List<Event> events = new ArrayList<>();
            List<RecordedGids> records = new ArrayList<>();
            while (next < truths.size() && truths.get(next).writtenAt() <= cut.arrivedUntil()) {
                Truth truth = truths.get(next++);
                events.add(truth.event());
                lastRecordEnd = truth.event().end();
                if (truth.branch().record()
                        && !truth.transaction().recordedGids().isEmpty()) {
                    records.add(new RecordedGids(
                            truth.event().xid(), truth.transaction().recordedGids()));
                }
                take(truth.event());
            }
            Lsn end = Lsn.max(start, lastRecordEnd);
            if (next < truths.size() && segments.size() % 3 == 0) {
                end = Lsn.max(truths.get(next).event().start().plus(16), start);
            }
            long sent = cut.at() - 60_000 - 2 * shard.roundTrip();
            long server = sent + (long) (shard.roundTrip() * shard.readAt());
            List<ClockBounds> clocks = new ArrayList<>();
            List<ClockStep> jumps = new ArrayList<>();
            tracker.probe(sent, sent + shard.roundTrip(), shard.clock(server)).ifPresent(step -> {
                jumps.add(step);
                clocks.add(step.before());
                clocks.add(step.after());
            });
            clocks.add(tracker.bounds().orElseThrow());
            Segment segment = new Segment(
                    shard.name(),
                    segments.size(),
                    previous,
                    1,
                    start,
                    end,
                    lastRecordEnd,
                    lastRecordEnd,
                    events.size(),
                    0,
                    opened,
                    cut.at(),
                    cut.safe() ? new SafePoint(end, shard.clock(server), sent) : null,
                    clocks,
                    jumps,
                    events,
                    List.of(),
                    List.of(),
                    List.copyOf(open.values()),
                    null,
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    points(truths, cut),
                    fences(truths, cut, end),
                    records,
                    List.of(),
                    List.of(),
                    DdlMessages.NONE);
            segments.add(segment);
            previous = "%064x".formatted(segments.size());
            start = end;
            opened = cut.at();
        }
        return segments;
    }

    private void take(Event event) {
        switch (event.kind()) {
            case PREPARE ->
                open.put(
                        event.xid(),
                        new OpenPrepared(
                                event.xid(),
                                Optional.ofNullable(event.gid()).orElseThrow(),
                                event.start(),
                                event.end(),
                                event.timeMicros(),
                                5,
                                List.of()));
            case COMMIT_PREPARED, ABORT_PREPARED -> open.remove(event.xid());
            case COMMIT, ABORT -> {}
        }
    }

    private List<RestorePoint> points(List<Truth> truths, Cutting cut) {
        List<RestorePoint> made = new ArrayList<>();
        points.removeIf(point -> {
            if (point.at() > cut.arrivedUntil()) {
                return false;
            }
            made.add(new RestorePoint(end(truths, point.at()), shard.clock(point.at()), point.name()));
            return true;
        });
        return made;
    }

    private List<FenceMark> fences(List<Truth> truths, Cutting cut, Lsn end) {
        List<FenceMark> marks = new ArrayList<>();
        fences.removeIf(fence -> {
            Lsn at = end(truths, fence.at());
            for (Truth truth : truths) {
                if (truth.writtenAt() > fence.at()) {
                    long room = truth.event().end().minus(at) - 1;
                    at = at.plus(Math.min(room, fence.beyond()));
                    break;
                }
            }
            if (fence.at() > cut.arrivedUntil() || at.isAfter(end)) {
                return false;
            }
            marks.add(new FenceMark(fence.id(), at, fence.at()));
            return true;
        });
        return marks;
    }

    /** End of the last event written by then. */
    static Lsn end(List<Truth> truths, long real) {
        Lsn end = SimulatedShard.BEGIN;
        for (Truth truth : truths) {
            if (truth.writtenAt() <= real) {
                end = truth.event().end();
            }
        }
        return end;
    }
}
