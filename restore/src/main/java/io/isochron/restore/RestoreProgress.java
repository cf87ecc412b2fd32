package io.isochron.restore;

/**
 * How far a shard's restore is.
 *
 * @param shard the shard, or {@link Proof#CLUSTER} for work on all of them
 * @param activity what is being done: {@code fetch}, {@code replay}, {@code promote}, {@code decide}, {@code prove}
 * @param doneBytes of the activity, or 0 where bytes are not its measure
 * @param totalBytes of the activity, or 0 where bytes are not its measure
 * @param remainingMillis estimate until the whole cluster is proven; -1 while there is nothing to estimate from
 */
public record RestoreProgress(String shard, String activity, long doneBytes, long totalBytes, long remainingMillis) {}
