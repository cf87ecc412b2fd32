package io.isochron.restore;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What a restore did and what it proved.
 *
 * @param planId the plan that was carried out
 * @param target the target directory
 * @param startedAt when this run began (this host's clock)
 * @param finishedAt when the proofs were made
 * @param phases where the time went, per shard and for the cluster
 * @param fetchedBytes of snapshot files written
 * @param replayedBytes of WAL between the snapshots' beginnings and the cut
 * @param connections a libpq connection string for each restored shard, by shard name; they work on this host while the cluster runs
 * @param proofs what was checked
 */
public record RestoreReport(
        String planId,
        String target,
        Instant startedAt,
        Instant finishedAt,
        List<PhaseTime> phases,
        long fetchedBytes,
        long replayedBytes,
        Map<String, String> connections,
        ProofReport proofs) {
    public RestoreReport {
        phases = List.copyOf(phases);
        connections = Map.copyOf(connections);
    }

    /** Wall clock time of the whole run. */
    public long millis() {
        return finishedAt.toEpochMilli() - startedAt.toEpochMilli();
    }
}
