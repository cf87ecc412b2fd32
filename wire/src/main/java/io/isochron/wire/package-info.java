/**
 * Both ends of PostgreSQL's replication protocol: the client that takes WAL, base backups and server clocks from production
 * shards, and the server that feeds archived WAL to a restored one up to an exact position.
 *
 * <p>The client never confirms anything by itself: {@link io.isochron.wire.WalStream#sendStatus} is the only thing that moves a
 * replication slot. The server knows nothing of where WAL comes from: it asks a {@link io.isochron.wire.WalFeedSource}.
 *
 * <p>Format facts: PostgreSQL documentation, chapters 53.2 (message flow), 53.4 (streaming replication protocol), 53.7 (message
 * formats), 32.1 (connection strings), 32.15 to 32.18 (environment, password file, service file, TLS).
 */
@NullMarked
package io.isochron.wire;

import org.jspecify.annotations.NullMarked;
