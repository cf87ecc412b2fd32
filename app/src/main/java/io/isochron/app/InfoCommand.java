package io.isochron.app;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.RecoverableRange;
import io.isochron.chronicle.Segment;
import io.isochron.restore.ChronicleReader;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotInfo;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Shows what the repository holds, what can be reached, and how fresh it is. */
@picocli.CommandLine.Command(
        name = "info",
        description = "Shows what can be restored: ranges of time, snapshots, and how far each shard is archived.",
        sortOptions = false,
        footer = {
            "",
            "The cluster can be restored up to its safe time, which is the least of its shards'. A safe",
            "time that stands still means that one shard's archive stands still.",
            "",
            "Example:",
            "  isochron info --output json"
        })
final class InfoCommand extends Command {
    InfoCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Repository repository = repository();
        ClusterHistory history = new ChronicleReader(repository).all();
        List<SnapshotInfo> snapshots = repository.snapshots().list();
        Instant now = host.clock().instant();
        output().result(json(repository, history, snapshots, now), text(repository, history, snapshots, now));
        return ExitCode.OK;
    }

    private List<String> text(Repository repository, ClusterHistory history, List<SnapshotInfo> snapshots, Instant now)
            throws AppException {
        List<String> lines = new ArrayList<>();
        lines.add("cluster " + repository.cluster().name() + ", repository " + config().repositoryPath());
        Optional<Instant> safe = history.safeTime();
        Duration rpo = config().objectives().rpo();
        lines.add("safe time   "
                + safe.map(time -> time + ", " + age(time, now) + " ago" + late(time, now, rpo))
                        .orElse("none yet: "
                                + history.heldBackBy()
                                        .map(s -> "shard " + s + " has no safe point")
                                        .orElse("no shard is archived")));
        List<RecoverableRange> ranges = history.recoverableRanges();
        if (ranges.isEmpty()) {
            lines.add("recoverable nothing yet; take a snapshot with `isochron backup` while capture runs");
        }
        for (RecoverableRange range : ranges) {
            lines.add("recoverable " + range.from() + " to " + range.to() + " (" + age(range.from(), range.to()) + ")");
        }
        lines.add("");
        List<List<String>> shards = new ArrayList<>();
        shards.add(List.of("SHARD", "POSTGRESQL", "SYSTEM", "TIMELINE", "ARCHIVED TO", "SAFE TIME"));
        for (ShardIdentity shard : repository.cluster().shards()) {
            List<Segment> segments = history.segments(shard.name());
            Segment last = segments.isEmpty() ? null : segments.getLast();
            shards.add(List.of(
                    shard.name(),
                    Integer.toString(shard.postgresMajor()),
                    shard.systemIdentifier(),
                    last == null ? "-" : Integer.toString(last.timeline()),
                    last == null ? "-" : last.end().toString(),
                    history.safeTime(shard.name()).map(Instant::toString).orElse("-")));
        }
        lines.addAll(Output.table(shards));
        lines.add("");
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("SNAPSHOT", "CREATED", "SIZE", "STORED"));
        for (SnapshotInfo snapshot : snapshots) {
            table.add(List.of(
                    snapshot.id(),
                    snapshot.created().toString(),
                    Units.bytes(snapshot.shards().stream()
                            .mapToLong(ShardSnapshot::bytes)
                            .sum()),
                    Units.bytes(snapshot.shards().stream()
                            .mapToLong(ShardSnapshot::storedBytes)
                            .sum())));
        }
        lines.addAll(snapshots.isEmpty() ? List.of("no snapshot yet") : Output.table(table));
        return lines;
    }

    private static String late(Instant safe, Instant now, Duration rpo) {
        // the safe time itself moves every few seconds on an idle cluster
        return Duration.between(safe, now).compareTo(rpo.plusSeconds(10)) > 0
                ? " (OBJECTIVE " + Units.millis(rpo.toMillis()) + " MISSED: is capture running?)"
                : "";
    }

    private static String age(Instant from, Instant to) {
        return Units.millis(Math.max(0, Duration.between(from, to).toMillis()));
    }

    private Map<String, @Nullable Object> json(
            Repository repository, ClusterHistory history, List<SnapshotInfo> snapshots, Instant now) {
        List<Object> ranges = new ArrayList<>();
        for (RecoverableRange range : history.recoverableRanges()) {
            ranges.add(Json.object("from", range.from(), "to", range.to()));
        }
        List<Object> shards = new ArrayList<>();
        for (ShardIdentity shard : repository.cluster().shards()) {
            List<Segment> segments = history.segments(shard.name());
            Segment last = segments.isEmpty() ? null : segments.getLast();
            shards.add(Json.object(
                    "name", shard.name(),
                    "postgres", shard.postgresMajor(),
                    "systemIdentifier", shard.systemIdentifier(),
                    "timeline", last == null ? null : last.timeline(),
                    "archivedTo", last == null ? null : last.end(),
                    "safeTime", history.safeTime(shard.name()).orElse(null)));
        }
        List<Object> list = new ArrayList<>();
        for (SnapshotInfo snapshot : snapshots) {
            list.add(Json.object(
                    "id", snapshot.id(),
                    "created", snapshot.created(),
                    "bytes",
                            snapshot.shards().stream()
                                    .mapToLong(ShardSnapshot::bytes)
                                    .sum(),
                    "storedBytes",
                            snapshot.shards().stream()
                                    .mapToLong(ShardSnapshot::storedBytes)
                                    .sum()));
        }
        Optional<Instant> safe = history.safeTime();
        return Json.object(
                "cluster",
                repository.cluster().name(),
                "now",
                now,
                "safeTime",
                safe.orElse(null),
                "safeTimeAgeMillis",
                safe.map(time -> Duration.between(time, now).toMillis()).orElse(null),
                "heldBackBy",
                history.heldBackBy().orElse(null),
                "recoverable",
                ranges,
                "shards",
                shards,
                "snapshots",
                list);
    }
}
