package io.isochron.upkeep;

import io.isochron.objects.LockRenewal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was removed.
 *
 * @param plan what was decided
 * @param removed what is gone
 * @param refused what the store did not let go of, such as locked objects
 * @param refusals some of its answers
 * @param locks what became of the locks of what is kept; null in stores that do not lock objects
 */
public record ExpiryReport(
        ExpiryPlan plan,
        Removable removed,
        Removable refused,
        List<String> refusals,
        LockRenewal.@Nullable Summary locks) {
    public ExpiryReport {
        refusals = List.copyOf(refusals);
    }
}
