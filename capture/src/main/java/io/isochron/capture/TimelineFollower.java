package io.isochron.capture;

import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import io.isochron.wal.TimelineHistory;
import io.isochron.wire.PostgresException;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Keeps the archive on one unbroken line through promotions: decides which PostgreSQL timeline goes on at a position, and archives the history files that say so. */
final class TimelineFollower {
    private final Repository repository;
    private final String shard;
    private final ReplicationConnection control;

    TimelineFollower(Repository repository, String shard, ReplicationConnection control) {
        this.repository = repository;
        this.shard = shard;
        this.control = control;
    }

    /**
     * Where the server's line left the archive's, if the archive holds more of its own timeline than the server's line does: from there on the archive lies on an abandoned branch.
     *
     * @param serverTimeline the server's current timeline
     */
    Optional<Lsn> branchPoint(int timeline, Lsn position, int serverTimeline) throws IOException {
        if (Integer.compareUnsigned(serverTimeline, timeline) <= 0) {
            return Optional.empty();
        }
        return archiveHistories(serverTimeline).switchPoint(timeline).filter(position::isAfter);
    }

    /**
     * The timeline to stream from a position that was reached on {@code timeline}: the same, or the one that branched off exactly there.
     *
     * @param serverTimeline the server's current one
     * @throws CaptureException if the server's history does not go through the position
     */
    int timelineFrom(int timeline, Lsn position, int serverTimeline) throws IOException {
        if (timeline == serverTimeline) {
            return timeline;
        }
        if (Integer.compareUnsigned(serverTimeline, timeline) < 0) {
            throw new CaptureException(
                    "shard " + shard + " is on PostgreSQL timeline " + serverTimeline
                            + ", the archive has already followed it to timeline " + timeline,
                    "an old primary answers at the shard's address: correct the address");
        }
        TimelineHistory history = archiveHistories(serverTimeline);
        Lsn end = history.switchPoint(timeline)
                .orElseThrow(() -> new CaptureException(
                        "shard " + shard + " is on PostgreSQL timeline " + serverTimeline
                                + ", whose history does not contain timeline " + timeline + " of the archive",
                        "another copy of the shard answers at its address: correct the address"));
        if (position.isAfter(end)) {
            throw new CaptureException(
                    "shard " + shard + " went from PostgreSQL timeline " + timeline + " to another at " + end
                            + ", but the archive already holds timeline " + timeline + " up to " + position,
                    "a standby was promoted that had not received everything: what lies beyond " + end
                            + " exists only in the archive; to follow the new line, and keep the rest as an abandoned branch, set capture.abandoned-branch to follow");
        }
        return position.equals(end) ? after(history, timeline) : timeline;
    }

    /** Archives the history of a timeline and, as far as the server still has their files, those of its ancestors. */
    TimelineHistory archiveHistories(int timeline) throws IOException {
        if (timeline == 1) {
            return TimelineHistory.first(1);
        }
        byte[] file = control.timelineHistoryFile(timeline);
        repository.timelineHistories().put(shard, timeline, file);
        TimelineHistory history = TimelineHistory.parse(timeline, new String(file, StandardCharsets.UTF_8));
        for (TimelineHistory.Ancestor ancestor : history.ancestors()) {
            int older = ancestor.timeline();
            if (older > 1 && repository.timelineHistories().get(shard, older).isEmpty()) {
                try {
                    repository.timelineHistories().put(shard, older, control.timelineHistoryFile(older));
                } catch (PostgresException e) {
                    // the file of a line that ended long ago may be gone; the newest history contains what it said
                    if (!e.sqlState().equals(PostgresException.UNDEFINED_FILE)) {
                        throw e;
                    }
                }
            }
        }
        return history;
    }

    private static int after(TimelineHistory history, int timeline) {
        var ancestors = history.ancestors();
        for (int i = 0; i < ancestors.size() - 1; i++) {
            if (ancestors.get(i).timeline() == timeline) {
                return ancestors.get(i + 1).timeline();
            }
        }
        return history.timeline();
    }
}
