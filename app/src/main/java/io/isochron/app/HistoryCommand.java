package io.isochron.app;

import io.isochron.chronicle.LedgerLevel;
import io.isochron.restore.LedgerReader;
import io.isochron.restore.ShardLedger;
import io.isochron.store.Repository;
import io.isochron.store.SnapshotInfo;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what happened on the shards in a stretch of time. */
@picocli.CommandLine.Command(
        name = "history",
        description = "Shows what happened on each shard: transactions, rows, WAL, and events worth knowing.",
        sortOptions = false,
        footer = {
            "",
            "Kinds: transaction, dropped, truncated, rewritten, renamed, altered, created, restore_point,",
            "timeline_switch, clock_step, gap, parameters, tablespace, mark, fence, snapshot, statement (what a",
            "change of the schema said, see sql-helper). --output csv gives one line for each interval, table",
            "and event.",
            "",
            "Example:",
            "  isochron history --since 2026-11-22T13:00:00Z --until 2026-11-22T14:00:00Z",
            "  isochron history --since 1d --every 1h --table orders --kind truncated --kind dropped"
        })
final class HistoryCommand extends Command {
    @Mixin
    Window window = new Window();

    @Option(
            names = "--every",
            paramLabel = "TIME",
            description = "Length of an interval, whole minutes. Default: what makes at most 60 of them.")
    @Nullable
    String every;

    @Option(names = "--shard", paramLabel = "NAME", description = "Only this shard; may be given several times.")
    List<String> shards = new ArrayList<>();

    @Option(names = "--table", paramLabel = "NAME", description = "Only rows and events of this table.")
    @Nullable
    String table;

    @Option(names = "--kind", paramLabel = "KIND", description = "Only events of this kind; may be repeated.")
    List<String> kinds = new ArrayList<>();

    @Option(
            names = "--rows",
            paramLabel = "N",
            description = "List transactions with at least so many rows of one kind. Default: 1000.")
    long rows = 1000;

    HistoryCommand(Host host) {
        super(host);
    }

    @Override
    boolean givesCsv() {
        return true;
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Repository repository = repository();
        LedgerReader reader = new LedgerReader(repository);
        Instant from = window.from(host);
        Instant to = window.to(host);
        Instant end = to == null ? host.clock().instant() : to;
        Duration width = width(from, end);
        HistoryFilter filter = new HistoryFilter(from, end, wantedShards(reader), table, wantedKinds(), rows);
        LedgerLevel coarsest =
                width.toHours() > 0 && width.toMinutes() % 60 == 0 ? LedgerLevel.HOUR : LedgerLevel.MINUTE;
        Map<String, ShardLedger> ledgers = reader.window(from, to, coarsest);
        History history = new History(filter, width);
        for (ShardLedger ledger : ledgers.values()) {
            if (filter.shards().contains(ledger.shard())) {
                history.add(ledger);
            }
        }
        for (SnapshotInfo snapshot : repository.snapshots().list()) {
            history.add(snapshot);
        }
        HistoryText text = new HistoryText(history);
        if (common.output == Output.Form.csv) {
            text.csv().forEach(host.out()::println);
        } else {
            output().result(text.json(), text.lines());
        }
        return ExitCode.OK;
    }

    private Duration width(Instant from, Instant to) throws AppException {
        if (every != null) {
            Duration width = Options.duration("--every", every);
            if (width.toSeconds() % 60 != 0 || width.toMillis() % 1000 != 0) {
                throw new AppException(
                        ExitCode.USAGE, "--every is '" + every + "'", "give whole minutes, such as 1m, 15m or 6h.");
            }
            return width;
        }
        for (int minutes : new int[] {1, 5, 15, 60, 360, 1440}) {
            Duration width = Duration.ofMinutes(minutes);
            if (Duration.between(from, to).compareTo(width.multipliedBy(60)) <= 0) {
                return width;
            }
        }
        return Duration.ofDays(7);
    }

    private List<String> wantedShards(LedgerReader reader) throws AppException {
        List<String> known = reader.shards();
        for (String shard : shards) {
            if (!known.contains(shard)) {
                throw new AppException(
                        ExitCode.USAGE,
                        "--shard is '" + shard + "', which the cluster does not have",
                        Nearest.to(shard, known)
                                .map(near -> "did you mean " + near + "?")
                                .orElse("the shards are " + String.join(", ", known) + "."));
            }
        }
        return shards.isEmpty() ? known : shards;
    }

    private List<String> wantedKinds() throws AppException {
        List<String> known = HistoryFilter.allKinds();
        List<String> wanted = new ArrayList<>();
        for (String kind : kinds) {
            String name = kind.toLowerCase(Locale.ROOT).replace('-', '_');
            if (!known.contains(name)) {
                throw new AppException(
                        ExitCode.USAGE,
                        "--kind is '" + kind + "', which does not exist",
                        Nearest.to(name, known)
                                .map(near -> "did you mean " + near + "?")
                                .orElse("the kinds are " + String.join(", ", known) + "."));
            }
            wanted.add(name);
        }
        return wanted;
    }
}
