package io.isochron.restore;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which snapshots a restore may begin from. Whichever it is, the same state is restored: an older one means more WAL to replay.
 *
 * @param only id of the newest one to use; older ones only for shards that it does not hold; null for whichever is best
 * @param without ids of those that must not be used
 * @param suspect by id, what is known to be wrong with one; not used either, unless {@code only} names it
 */
public record SnapshotChoice(@Nullable String only, Set<String> without, Map<String, String> suspect) {
    /** Whichever is best. */
    public static final SnapshotChoice ANY = new SnapshotChoice(null, Set.of(), Map.of());

    public SnapshotChoice {
        without = Set.copyOf(without);
        suspect = Collections.unmodifiableMap(new TreeMap<>(suspect));
    }

    /** Whether somebody chose by name. */
    public boolean named() {
        return only != null || !without.isEmpty();
    }

    /** Whether a plan that was made before keeps to what was chosen by name. */
    public boolean allows(RestorePlan plan) {
        return plan.shards().stream().map(ShardPlan::snapshotId).noneMatch(without::contains)
                && (only == null
                        || plan.shards().stream().map(ShardPlan::snapshotId).anyMatch(only::equals));
    }
}
