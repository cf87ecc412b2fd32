package io.isochron.restore;

import io.isochron.wal.Lsn;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is done for one shard.
 *
 * @param shard its name
 * @param systemIdentifier of the original
 * @param postgresMajor PostgreSQL's major version
 * @param serverVersionNum the version the feed pretends to be, as {@code server_version_num}
 * @param walSegmentBytes size of a WAL segment file
 * @param snapshotId the snapshot replay begins from
 * @param snapshotTimeline the PostgreSQL timeline the snapshot was taken on
 * @param walStart where replay begins: the redo position of the snapshot's checkpoint
 * @param consistent where the snapshot ends: a state of the database exists from here on
 * @param boundary where replay ends: the record boundary of the cut
 * @param steps the WAL from {@code walStart} to {@code boundary}, across PostgreSQL timelines
 * @param snapshotFiles number of files
 * @param snapshotBytes of the files, as written at the target
 * @param walBytes between {@code walStart} and {@code boundary}
 * @param settings of the original that replay depends on, the largest value each had in the range
 * @param superuser a superuser's name, or null if the snapshot does not say
 * @param decisions every branch that is prepared and undecided at the boundary
 */
public record ShardPlan(
        String shard,
        String systemIdentifier,
        int postgresMajor,
        int serverVersionNum,
        int walSegmentBytes,
        String snapshotId,
        int snapshotTimeline,
        Lsn walStart,
        Lsn consistent,
        Lsn boundary,
        List<TimelineStep> steps,
        long snapshotFiles,
        long snapshotBytes,
        long walBytes,
        Map<String, String> settings,
        @Nullable String superuser,
        List<PlannedDecision> decisions) {
    public ShardPlan {
        steps = List.copyOf(steps);
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
        decisions = List.copyOf(decisions);
    }

    /** The PostgreSQL timeline on which the boundary lies. */
    public int timeline() {
        return steps.getLast().timeline();
    }
}
