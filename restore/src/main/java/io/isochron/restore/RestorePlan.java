package io.isochron.restore;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything a restore will do, decided before anything is touched. Immutable; the same plan restores the same state whenever it is carried out.
 *
 * @param formatVersion of this record as JSON; this program writes and reads {@value #FORMAT_VERSION}
 * @param id names this plan and its certificate in the repository
 * @param createdAt when it was made (this host's clock)
 * @param clusterName the cluster's name
 * @param clusterId the cluster's identity
 * @param target what was asked for, in words
 * @param moment the moment of the cut in reference time; null for explicit positions
 * @param grade what is promised: {@code external}, {@code atomic}, or the promise of each shard by itself
 * @param epsilonMicros uncertainty of single-shard commits' places, in microseconds
 * @param lateCommits commits with a time at or before the moment that lie behind their shard's boundary, for people
 * @param certificate the cut's certificate as JSON text
 * @param shards by name
 * @param estimatedMillis how long carrying it out may take on this host; an estimate
 * @param requiredBytes what the target will take at most
 * @param passedOver in words, snapshots that would have made less work and are not used, each with the reason; empty in plans of versions that did not pass any over
 */
public record RestorePlan(
        int formatVersion,
        String id,
        Instant createdAt,
        String clusterName,
        String clusterId,
        String target,
        @Nullable Instant moment,
        String grade,
        long epsilonMicros,
        List<String> lateCommits,
        String certificate,
        List<ShardPlan> shards,
        long estimatedMillis,
        long requiredBytes,
        @Nullable List<String> passedOver) {

    /** The version of the JSON form. */
    public static final int FORMAT_VERSION = 1;

    public RestorePlan {
        lateCommits = List.copyOf(lateCommits);
        shards = List.copyOf(shards);
        passedOver = passedOver == null ? List.of() : List.copyOf(passedOver);
        if (formatVersion != FORMAT_VERSION) {
            throw new IllegalArgumentException(
                    "plan " + id + " has format version " + formatVersion + ", this program reads " + FORMAT_VERSION
                            + "\nhint: carry it out with the version of isochron that made it");
        }
        if (shards.isEmpty()) {
            throw new IllegalArgumentException("plan " + id + " names no shard\nhint: it is damaged; make a new plan");
        }
    }

    @Override
    public List<String> passedOver() {
        return passedOver == null ? List.of() : passedOver;
    }

    /** Bytes of snapshot files that will be written. */
    public long fetchBytes() {
        return shards.stream().mapToLong(ShardPlan::snapshotBytes).sum();
    }

    /** Bytes of WAL that will be replayed. */
    public long replayBytes() {
        return shards.stream().mapToLong(ShardPlan::walBytes).sum();
    }

    /** The plan of one shard. */
    public ShardPlan shard(String name) {
        return shards.stream()
                .filter(shard -> shard.shard().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("plan " + id + " has no shard " + name));
    }

    /** This plan as JSON. */
    public byte[] toJson() {
        return Json.write(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws RestoreException if it is damaged or of another version
     */
    public static RestorePlan fromJson(byte[] json) throws IOException {
        return Json.read(json, RestorePlan.class, "restore plan");
    }
}
