package io.isochron.store;

import java.time.Instant;

/**
 * One rotation of a repository's key.
 *
 * @param number 1 and up, without holes
 * @param from id of the key that sealed until then, 8 hexadecimal digits
 * @param to id of the key that seals from then on, once a program reads the new key file
 * @param recorded wall time of the host where it was rotated, to the microsecond
 * @param by who did it, as the operating system says: {@code user@host}
 */
public record KeyChange(long number, String from, String to, Instant recorded, String by) {}
