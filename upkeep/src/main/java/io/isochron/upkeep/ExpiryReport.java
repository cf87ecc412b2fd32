package io.isochron.upkeep;

import java.util.List;

/**
 * What was removed.
 *
 * @param plan what was decided
 * @param removed what is gone
 * @param refused what the store did not let go of, such as locked objects
 * @param refusals some of its answers
 */
public record ExpiryReport(ExpiryPlan plan, Removable removed, Removable refused, List<String> refusals) {
    public ExpiryReport {
        refusals = List.copyOf(refusals);
    }
}
