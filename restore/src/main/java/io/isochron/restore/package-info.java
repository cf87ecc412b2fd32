/**
 * Restore: from a moment that was asked for to a cluster that was proven to be at that moment.
 *
 * <p>The way through this room: {@link io.isochron.restore.ChronicleReader} reads what the repository knows of the cluster's history,
 * {@link io.isochron.restore.RestorePlanner} turns a {@link io.isochron.chronicle.Target} into an immutable
 * {@link io.isochron.restore.RestorePlan} or refuses it before anything is touched, {@link io.isochron.restore.ClusterRestore} carries the plan
 * out (fetch, feed, promote, decide, prove) and can be killed and called again at any point, and
 * {@link io.isochron.restore.RestoredCluster} is what is left: a read-only cluster that nobody but the caller can reach, until it is released.
 *
 * <p>What lies in a target directory:
 *
 * <pre>
 * isochron-restore.json            the journal: the plan, the phase of every shard, what was counted; replaced atomically
 * isochron-report.json             the report, once the proofs were made
 * SHARD/data/                      the data directory; the original's configuration files lie in it untouched and unused
 * SHARD/tablespaces/OID/           its tablespaces
 * SHARD/isochron/                  the configuration the server really runs with, and the password of the feed
 * </pre>
 *
 * <p>This room never connects to a production server and knows no address of one.
 */
@NullMarked
package io.isochron.restore;

import org.jspecify.annotations.NullMarked;
