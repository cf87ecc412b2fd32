package io.isochron.restore;

/**
 * What becomes of a branch that is prepared and undecided at the cut.
 *
 * @param gid its global identifier, as {@code pg_prepared_xacts} shows it
 * @param xid its transaction id on this shard (unsigned)
 * @param commit true to commit it, false to roll it back
 * @param reason why, for people
 */
public record PlannedDecision(String gid, int xid, boolean commit, String reason) {}
