/**
 * Events, clocks, safe time and the cut. Pure: values in, values out; no I/O and no clock of its own.
 *
 * <p><b>In:</b> {@link io.isochron.chronicle.SegmentBuilder} turns a shard's WAL records into {@link io.isochron.chronicle.Segment}s: all
 * that is known of one range of its log. {@link io.isochron.chronicle.SegmentCodec} gives their bytes.
 * {@link io.isochron.chronicle.LedgerBuilder} sums segments up into the {@link io.isochron.chronicle.LedgerEntry}s of a ledger,
 * {@link io.isochron.chronicle.LedgerCodec} gives their bytes (specified in docs/repository-format.md).
 * <b>Together:</b> {@link io.isochron.chronicle.ClusterHistory} holds the segments of all shards and knows which moments can be reached.
 * <b>Out:</b> {@link io.isochron.chronicle.CutSolver} finds the {@link io.isochron.chronicle.Cut} for a
 * {@link io.isochron.chronicle.Target}, {@link io.isochron.chronicle.Certificate} makes it a document,
 * {@link io.isochron.chronicle.IncidentFinder} finds what broke, {@link io.isochron.chronicle.RowExpectation} says how many rows a
 * restored table must have.
 *
 * <p>Times are microseconds since the Unix epoch. A <i>shard's clock</i> is what its records carry; <i>reference time</i> is the clock of
 * the host that captures; a <i>corrected</i> time is a shard's time brought to the reference by {@link io.isochron.chronicle.ClockBounds}.
 * Transaction ids and OIDs are unsigned 32-bit values in an {@code int}.
 *
 * <p><b>Segment format, version 1.</b> Integers are LEB128 varints, those marked ± zigzag; text is length and UTF-8; lists are a count and
 * the items. Positions inside a segment are written as ± distance from its start. Layout: magic {@code ICHRSEG1} (8 bytes), body, CRC-32C
 * of all that precedes (4 bytes, little endian). The body is the fields of the Segment record, each list's items
 * field by field in the order of their record; the fields come in their order, but for events, rows, storage, relations and messages of the SQL helper, which come last: a reader who looks for a cut leaves off where it knows
 * enough. Flags and kinds are one byte. Messages of the SQL helper ({@link io.isochron.chronicle.DdlText}) are transaction id, position,
 * tag, user, database, objects, number of objects left out, form and text; after them the number of messages left out. The same segment always has the same bytes; the chain of
 * segments is held together by the SHA-256 of the previous one's bytes.
 */
@NullMarked
package io.isochron.chronicle;

import org.jspecify.annotations.NullMarked;
