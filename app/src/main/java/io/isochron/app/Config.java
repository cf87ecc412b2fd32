package io.isochron.app;

import io.isochron.capture.AbandonedBranch;
import io.isochron.capture.CaptureOptions;
import io.isochron.capture.WalSource;
import io.isochron.chronicle.Dialect;
import io.isochron.objects.StoreLimits;
import io.isochron.restore.Invariant;
import io.isochron.store.RetentionPromise;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of one cluster, read from {@code isochron.yaml} and found valid.
 *
 * @param file the file it was read from
 * @param cluster the cluster's name
 * @param shards its shards, 1 and up, in a fixed order
 * @param placement where the repository is
 * @param limits how buckets among its places are spoken to
 * @param key where the repository's key is
 * @param postgresBin folder of PostgreSQL's programs for restored shards; empty: looked for
 * @param dialect how gids of two-phase transactions are read
 * @param objectives what is aimed at
 * @param invariants what must hold on every restored cluster
 * @param capture how shards are captured
 */
record Config(
        Path file,
        String cluster,
        List<Shard> shards,
        Placement placement,
        StoreLimits limits,
        KeySource key,
        Optional<Path> postgresBin,
        Dialect dialect,
        Objectives objectives,
        List<Invariant> invariants,
        Capture capture) {

    /**
     * How shards are captured.
     *
     * @param synchronous as their synchronous standby, with fences; null for the asynchronous mode
     * @param abandonedBranch what happens after a failover to a standby that lacked archived WAL
     * @param walSource which of a shard's servers the WAL is taken from
     */
    record Capture(
            CaptureOptions.@Nullable Synchronous synchronous, AbandonedBranch abandonedBranch, WalSource walSource) {
        CaptureOptions options() {
            return CaptureOptions.defaults()
                    .withSynchronous(synchronous)
                    .withAbandonedBranch(abandonedBranch)
                    .withWalSource(walSource);
        }
    }

    /**
     * A shard.
     *
     * @param name its name in the cluster
     * @param connection libpq connection string or URI, without a password
     * @param slot name of its replication slot
     */
    record Shard(String name, String connection, String slot) {}

    /**
     * What is aimed at; figures are compared with it and shown. {@code expire} keeps what the retention promises.
     *
     * @param retention which moments one wants to be able to go back to
     * @param rpo largest loss, as a time
     * @param rto longest restore
     */
    record Objectives(RetentionPromise retention, Duration rpo, Duration rto) {
        static final Objectives DEFAULT =
                new Objectives(RetentionPromise.of(Duration.ofDays(14)), Duration.ofSeconds(1), Duration.ofMinutes(15));
    }

    /** Names of the shards in their order. */
    List<String> shardNames() {
        return shards.stream().map(Shard::name).toList();
    }

    /** The commented example that {@code init --example} prints and docs/cli.md explains. */
    static final String EXAMPLE = """
            # One cluster. Passwords do not belong here: use ~/.pgpass, passfile= or a service file.
            cluster: shop
            repository:
              path: /var/lib/isochron/shop        # a folder; created by `isochron init`
              # s3: {bucket: backups, prefix: shop, region: eu-central-1}   # instead of path, see docs/object-stores.md
              # copies: [{name: near, path: /backup/shop}, {name: far, s3: {bucket: backups}}]       # or several, see docs/copies.md
              key-file: /etc/isochron/shop.key    # created by `isochron init`; keep a copy elsewhere
              # key-variable: SHOP_KEY            # instead: an environment variable that holds the key
              # key-wrapping:                     # the key file is encrypted by a program, see docs/cli.md
              #   name: kms
              #   wrap: [/etc/isochron/wrap, '{context}']
              #   unwrap: [/etc/isochron/unwrap, '{context}']
            shards:
              - name: a
                connection: host=db-a.example.org port=5432 user=isochron dbname=shop
                # addresses: [db-a1.example.org, db-a2.example.org:5432]   # all its servers, for failovers
              - name: b
                connection: service=shop_b        # from the service file (PGSERVICEFILE)
                slot: isochron_b                  # default: isochron_<shard>
            objectives:
              retention: 14d                      # any second of the last 14 days; `isochron expire` keeps to it
              # daily: 90d                        # before that one moment of each day, for 90 days; also weekly, monthly
              # buffer: 2d                        # how long what is not needed any more is kept nevertheless
              rpo: 1s
              rto: 15m
            dialect: auto                         # xa, citus and pgdog by their gids; or one of them, or {pattern: 'shop-(\\d+)-.*'}
            # capture:                            # default: asynchronous
            #   mode: synchronous                 # RPO 0 and fences, see docs/capture.md
            #   spool: /var/lib/isochron/spool    # local disk; WAL in the clear
            # postgres-bin: /usr/lib/postgresql/17/bin
            invariants:                           # what must hold on every restored cluster
              - name: balances
                kind: sum                         # sum | matched | empty
                sql: select coalesce(sum(balance), 0) from accounts
                expected: 1000000
            """;
}
