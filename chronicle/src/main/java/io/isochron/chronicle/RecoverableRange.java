package io.isochron.chronicle;

import java.time.Instant;

/**
 * Moments that can be restored, both ends included.
 *
 * @param from first moment
 * @param to last moment
 */
public record RecoverableRange(Instant from, Instant to) {}
