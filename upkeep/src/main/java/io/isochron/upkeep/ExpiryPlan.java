package io.isochron.upkeep;

import io.isochron.store.RetentionRecord;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What would be given up, and why not more.
 *
 * @param record what is kept from then on, as it would be recorded
 * @param windowFrom from when on every moment is promised, buffer included
 * @param base by shard, the snapshot whose replay serves the window's beginning
 * @param kept ids of snapshots that are kept, with the reason
 * @param removable what can be removed
 * @param pinned how many leases of restores stand in the way of something
 * @param abandoned ids of snapshots that were begun, not published, and did not grow for so long that they are given up
 * @param clocks what the clocks said of now, for people
 * @param warnings what is not as it ought to be
 */
public record ExpiryPlan(
        RetentionRecord record,
        Instant windowFrom,
        Map<String, String> base,
        Map<String, String> kept,
        Removable removable,
        int pinned,
        List<String> abandoned,
        List<String> clocks,
        List<String> warnings) {
    public ExpiryPlan {
        base = Map.copyOf(base);
        kept = Map.copyOf(kept);
        abandoned = List.copyOf(abandoned);
        clocks = List.copyOf(clocks);
        warnings = List.copyOf(warnings);
    }
}
