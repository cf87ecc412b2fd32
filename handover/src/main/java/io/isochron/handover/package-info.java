/**
 * Hands data of a restored cluster back to the live one: compares a table on both sides by primary key and gives back
 * what the live side has lost.
 *
 * <p>This room knows JDBC and nothing of WAL, object stores or how a cluster was restored. Its input is, for every shard,
 * a way to connect to the restored copy and a way to connect to the live one ({@link io.isochron.handover.ShardPair}); its
 * result is a value ({@link io.isochron.handover.BackfillReport}). It changes nothing unless told to.
 *
 * <p>Values travel as text, made by the type's own output function and read by its own input function under pinned
 * settings (time zone, date style, float digits), so that every type survives exactly. Rows are streamed: memory does not
 * grow with the table.
 */
@NullMarked
package io.isochron.handover;

import org.jspecify.annotations.NullMarked;
