package io.isochron.app;

import io.isochron.chronicle.Target;
import io.isochron.handover.Backfill;
import io.isochron.handover.BackfillOptions;
import io.isochron.handover.BackfillReport;
import io.isochron.handover.ShardPair;
import io.isochron.handover.TableName;
import io.isochron.handover.TupleSet;
import io.isochron.restore.RestoredCluster;
import io.isochron.store.Repository;
import io.isochron.wire.ConnectionSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Gives rows of one table back to the live cluster. */
@picocli.CommandLine.Command(
        name = "backfill",
        description = "Gives rows of a table back from a restored cluster to the live one. A dry run unless --apply.",
        sortOptions = false,
        footer = {
            "",
            "Rows the live side lacks are inserted, in one transaction over all shards unless --batches.",
            "Rows on both sides that differ are reported and left alone; with --incident and --set-back those",
            "that only the incident wrote are set back. Later writes are never overwritten.",
            "",
            "Example:",
            "  isochron backfill --from /var/lib/isochron/rewound --table orders --incident before:a:74113",
            "  isochron backfill --from /var/lib/isochron/rewound --table orders --incident before:a:74113 --apply"
        })
final class BackfillCommand extends Command {
    @Option(
            names = "--from",
            paramLabel = "DIRECTORY",
            required = true,
            description = "The restored cluster; its servers must run.")
    Path from = Path.of("");

    @Option(
            names = "--table",
            paramLabel = "TABLE",
            required = true,
            description = "The table, as SQL writes it: shop.orders.")
    String table = "";

    @Option(
            names = "--database",
            paramLabel = "NAME",
            description = "Its database. Default: each shard's connection's.")
    @Nullable
    String database;

    @Option(names = "--user", paramLabel = "ROLE", description = "Write as this role. Default: the connection's.")
    @Nullable
    String user;

    @Option(
            names = "--incident",
            paramLabel = "TARGET",
            description = "Only rows that this transaction deleted: before:SHARD:XID, as `find` shows it.")
    @Nullable
    String incident;

    @Option(names = "--set-back", description = "Also set rows back that the incident wrote last. Needs --incident.")
    boolean setBack;

    @Option(names = "--apply", description = "Write. Without it nothing is changed.")
    boolean apply;

    @Option(
            names = "--batches",
            paramLabel = "ROWS",
            description = "Commit each shard after so many rows instead of all at once.")
    @Nullable
    Integer batches;

    @Option(
            names = "--triggers",
            paramLabel = "POLICY",
            description = "When the table has triggers: refuse (default), suppress, fire.")
    BackfillOptions.Triggers triggers = BackfillOptions.Triggers.REFUSE;

    @Option(
            names = "--accept-schema-change",
            description = "Leave out dropped columns, read changed ones as their new type.")
    boolean acceptSchemaChange;

    @Option(
            names = "--accept-membership-change",
            description = "Compare only the shards that are members on both sides. Rows may have moved since.")
    boolean acceptMembershipChange;

    @Option(
            names = "--lock-timeout",
            paramLabel = "TIME",
            description = "Longest wait for a lock on a live shard. Default: 10s.")
    String lockTimeout = "10s";

    BackfillCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws Exception {
        TableName name;
        BackfillOptions options;
        try {
            name = TableName.parse(table);
            options = BackfillOptions.dryRun()
                    .withApply(apply)
                    .withTriggers(triggers)
                    .withAcceptSchemaChange(acceptSchemaChange)
                    .withLockTimeout(Options.duration("--lock-timeout", lockTimeout));
            if (batches != null) {
                options = options.withMode(new BackfillOptions.Batches(batches));
            }
        } catch (IllegalArgumentException e) {
            String[] parts = String.valueOf(e.getMessage()).split("\nhint: ", 2);
            throw new AppException(
                    ExitCode.USAGE, parts[0], parts.length > 1 ? parts[1] : "see `isochron backfill --help`.");
        }
        if (setBack && incident == null) {
            throw new AppException(
                    ExitCode.USAGE, "--set-back without --incident", "name the transaction with --incident.");
        }
        String invariantsDatabase = settings(config().shards().getFirst()).database();
        // not closed: closing would stop the servers
        RestoredCluster restored = RestoredCluster.open(
                host.directory().resolve(from), RestoreCommand.options(config(), 1, false, false, invariantsDatabase));
        if (!restored.running()) {
            throw new AppException(
                    ExitCode.FAILED,
                    "the restored cluster in " + from + " is not running",
                    "start it: isochron restored " + from + " --start");
        }
        List<ShardPair> pairs = new ArrayList<>();
        for (Config.Shard shard : paired(restored)) {
            pairs.add(pair(shard, restored));
        }
        begin(repository());
        if (incident != null) {
            options = limit(options, restored, pairs);
        }
        BackfillReport report;
        try (Progress progress = progress()) {
            report = Backfill.run(
                    pairs,
                    name,
                    options,
                    (shard, done, estimated) -> progress.show("shard " + shard + ": " + done + " of about "
                            + Math.max(done, estimated) + " rows compared"));
        }
        output().result(BackfillText.json(report), BackfillText.text(report));
        return ExitCode.OK;
    }

    /** The shards to compare: all, unless the cluster's members are others now than those of the restored moment. */
    private List<Config.Shard> paired(RestoredCluster restored) throws AppException, IOException {
        Repository repository = repository();
        requireMembers(repository);
        List<String> live = repository.membership().present().shards();
        if (!Set.copyOf(live).equals(Set.copyOf(restored.shards())) && !acceptMembershipChange) {
            throw new AppException(
                    ExitCode.REFUSED,
                    "the restored cluster has shards " + String.join(", ", restored.shards())
                            + ", the members are " + String.join(", ", live)
                            + " now: a row that one shard lacks may have moved to another one",
                    "with --accept-membership-change the shards of both sides are compared; look at the dry run first.");
        }
        return config().shards().stream()
                .filter(shard ->
                        live.contains(shard.name()) && restored.shards().contains(shard.name()))
                .toList();
    }

    private ShardPair pair(Config.Shard shard, RestoredCluster restored) throws AppException {
        ConnectionSettings settings = settings(shard).withApplicationName("isochron backfill");
        if (database != null) {
            settings = settings.withDatabase(database);
        }
        if (user != null) {
            settings = settings.withUser(user);
        }
        ConnectionSettings live = settings;
        return new ShardPair(
                shard.name(),
                () -> restored.connection(shard.name(), live.database()),
                () -> DriverManager.getConnection(live.toJdbcUrl(), live.toJdbcProperties()));
    }

    /** Only what the incident deleted, and where asked for only what it wrote last. */
    private BackfillOptions limit(BackfillOptions options, RestoredCluster restored, List<ShardPair> pairs)
            throws AppException, IOException, SQLException {
        String named = String.valueOf(incident);
        Target target = Targets.parse(
                named.startsWith("before:") ? named : "before:" + named, allShards(repository()), host.zone());
        if (!(target instanceof Target.BeforeTransaction transaction)) {
            throw new AppException(
                    ExitCode.USAGE, "'" + named + "' names no transaction", "write before:<shard>:<xid>.");
        }
        Repository repository = repository();
        Map<String, IncidentParts.Part> parts = IncidentParts.find(
                repository, dialect(), transaction, restored.plan().moment());
        Map<String, TupleSet> damaged = new HashMap<>();
        Map<String, Set<Integer>> xids = new HashMap<>();
        for (ShardPair pair : pairs) {
            IncidentParts.Part part = parts.get(pair.shard());
            if (part != null) {
                TupleSet.Builder tuples = new TupleSet.Builder();
                IncidentParts.deletions(
                        repository,
                        part,
                        databaseOid(pair),
                        (relation, block, offset) ->
                                tuples.add(Integer.toUnsignedLong(relation.fileNumber()), block, offset));
                damaged.put(pair.shard(), tuples.build());
                xids.put(pair.shard(), part.xidSet());
            }
        }
        BackfillOptions limited = options.withOnlyDamaged(damaged);
        return setBack ? limited.withDiffering(new BackfillOptions.RestoreIfLastWrittenBy(xids)) : limited;
    }

    private static int databaseOid(ShardPair pair) throws SQLException {
        try (Connection connection = pair.restored().open();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()")) {
            row.next();
            return (int) row.getLong(1);
        }
    }
}
