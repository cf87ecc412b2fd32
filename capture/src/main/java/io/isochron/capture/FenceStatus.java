package io.isochron.capture;

/**
 * What the fences of a synchronous capture have come to since it began.
 *
 * @param taken fences that were proven and given to the chronicle
 * @param abandoned fences at which not all shards withheld within the limit
 * @param unproven fences of which it cannot be shown that every commit waited for capture at that moment: settings had changed, or a server could not be asked
 * @param skipped times at which no fence was tried, because a shard was not connected or not synchronous
 * @param pauseMicrosMedian how long confirmations were withheld, median of the last 1,000 fences; 0 if there is none
 * @param pauseMicrosMax the longest since capture began
 */
public record FenceStatus(
        long taken, long abandoned, long unproven, long skipped, long pauseMicrosMedian, long pauseMicrosMax) {}
