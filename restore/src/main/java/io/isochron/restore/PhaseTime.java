package io.isochron.restore;

/**
 * Where time went.
 *
 * @param phase the phase that was reached
 * @param shard the shard, or {@link Proof#CLUSTER}
 * @param millis wall clock time it took, in the process that finished it
 */
public record PhaseTime(RestorePhase phase, String shard, long millis) {}
