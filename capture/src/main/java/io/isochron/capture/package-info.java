/**
 * Where WAL comes in. One receiver per shard streams it by PostgreSQL's replication protocol, cuts it into objects of the repository, writes the chronicle over it, measures clocks and confirms to
 * the server what is durable, in this order: WAL object, chronicle segment, confirmation. Snapshots of the whole cluster are taken here too.
 *
 * <p>The only state is the repository's, and in synchronous mode the spool's: a capture that was killed at any moment goes on at the end of the last chronicle segment. {@code docs/capture.md} is the specification: threads, crash
 * points, start, reconnect, gaps, and the rule of the safe time with its reasoning.
 */
@NullMarked
package io.isochron.capture;

import org.jspecify.annotations.NullMarked;
