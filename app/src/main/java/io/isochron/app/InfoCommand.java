package io.isochron.app;

import io.isochron.chronicle.ClockBounds;
import io.isochron.chronicle.OpenPrepared;
import io.isochron.chronicle.RecoverableRange;
import io.isochron.chronicle.Segment;
import io.isochron.restore.ArchiveState;
import io.isochron.store.Membership;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.store.ShardSnapshot;
import io.isochron.store.SnapshotInfo;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
        ArchiveState history = ArchiveState.read(repository);
        List<SnapshotInfo> snapshots = repository.snapshots().list();
        Instant now = host.clock().instant();
        output().result(json(repository, history, snapshots, now), text(repository, history, snapshots, now));
        return ExitCode.OK;
    }

    private List<String> text(Repository repository, ArchiveState history, List<SnapshotInfo> snapshots, Instant now)
            throws AppException {
        List<String> lines = new ArrayList<>();
        lines.add("cluster " + repository.cluster().name() + ", repository "
                + placement().describe());
        Optional<Instant> safe = history.safeTime();
        Duration rpo = config().objectives().rpo();
        lines.add("safe time   "
                + safe.map(time -> time + ", " + age(time, now) + " ago" + late(time, now, rpo))
                        .orElse("none yet: "
                                + (history.heldBackBy() == null
                                        ? "no shard is archived"
                                        : "shard " + history.heldBackBy() + " has no safe point")));
        heldBack(repository, history, now).ifPresent(lines::add);
        history.breaks().forEach(problem -> lines.add("ALARM       " + problem));
        List<RecoverableRange> ranges = history.recoverable();
        if (ranges.isEmpty()) {
            lines.add("recoverable nothing yet; take a snapshot with `isochron backup` while capture runs");
        }
        for (RecoverableRange range : ranges) {
            lines.add("recoverable " + range.from() + " to " + range.to() + " (" + age(range.from(), range.to())
                    + "), grade atomic");
        }
        lines.addAll(memberLines(repository));
        lines.add("");
        List<List<String>> shards = new ArrayList<>();
        shards.add(List.of(
                "SHARD", "POSTGRESQL", "SYSTEM", "TIMELINE", "ARCHIVED TO", "SAFE TIME", "LAG", "CLOCK", "IN DOUBT"));
        for (ShardIdentity shard : repository.cluster().shards()) {
            ArchiveState.Shard state = state(history, shard.name());
            Segment last = state.last();
            shards.add(List.of(
                    shard.name(),
                    Integer.toString(shard.postgresMajor()),
                    shard.systemIdentifier(),
                    last == null ? "-" : Integer.toString(last.timeline()),
                    last == null ? "-" : last.end().toString(),
                    state.safeTime().map(Instant::toString).orElse("-"),
                    state.safeTime().map(safeTime -> age(safeTime, now)).orElse("-"),
                    clock(state),
                    last == null
                            ? "-"
                            : last.openPrepared().size() + " (" + state.stale().size() + " old)"));
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

    /** Who belonged to the cluster when, if that ever changed; and where the configuration says something else. */
    private List<String> memberLines(Repository repository) throws AppException {
        List<String> lines = new ArrayList<>();
        Membership membership = repository.membership();
        if (membership.periods().size() > 1) {
            for (Membership.Period period : membership.periods()) {
                lines.add("members     " + String.join(", ", period.shards())
                        + (period.from().equals(Instant.MIN) ? "" : " from " + period.from())
                        + (period.to().equals(Instant.MAX) ? "" : " until " + period.to()));
            }
        }
        for (ShardIdentity shard : membership.cluster().shards()) {
            if (membership.state(shard.name()).orElseThrow() == Membership.State.JOINING) {
                lines.add("joining     " + shard.name() + ", not a member yet: `isochron shard add " + shard.name()
                        + "` goes on");
            }
        }
        for (String name : config().shardNames()) {
            if (membership.state(name).isEmpty()) {
                lines.add("not a member: shard " + name + " of " + config().file() + "; `isochron shard add " + name
                        + "` makes it one");
            }
        }
        return lines;
    }

    private static ArchiveState.Shard state(ArchiveState state, String shard) {
        ArchiveState.Shard known = state.shards().get(shard);
        return known == null ? new ArchiveState.Shard(null, null, null, 0, List.of()) : known;
    }

    private static String clock(ArchiveState.Shard state) {
        ClockBounds clock = state.clock();
        return clock == null
                ? "-"
                : String.format(
                        Locale.ROOT,
                        "%+.3f ms ±%.3f",
                        clock.offsetMicros() / 1000.0,
                        clock.uncertaintyMicros() / 1000.0);
    }

    /** What holds the safe time back, if it is worth saying. */
    private static Optional<String> heldBack(Repository repository, ArchiveState state, Instant now) {
        String shard = state.heldBackBy();
        List<String> members = repository.membership().present().shards();
        if (shard == null || members.size() < 2) {
            return Optional.empty();
        }
        ArchiveState.Shard held = state(state, shard);
        Segment last = held.last();
        if (last == null) {
            return Optional.of("held back by shard " + shard + ": nothing is archived of it");
        }
        Instant archived = Moments.ofMicros(last.referenceLastMicros());
        String since = "held back by shard " + shard + ": its newest WAL arrived " + age(archived, now) + " ago";
        Optional<Instant> next = state.shards().entrySet().stream()
                .filter(entry -> !entry.getKey().equals(shard) && members.contains(entry.getKey()))
                .flatMap(entry -> entry.getValue().safeTime().stream())
                .min(Instant::compareTo);
        Optional<Instant> own = held.safeTime();
        return Optional.of(
                next.isPresent() && own.isPresent()
                        ? since + ", the next shard is " + age(own.get(), next.get()) + " ahead"
                        : since);
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
            Repository repository, ArchiveState history, List<SnapshotInfo> snapshots, Instant now) {
        List<Object> ranges = new ArrayList<>();
        for (RecoverableRange range : history.recoverable()) {
            ranges.add(Json.object("from", range.from(), "to", range.to(), "grade", "atomic"));
        }
        List<Object> shards = new ArrayList<>();
        for (ShardIdentity shard : repository.cluster().shards()) {
            ArchiveState.Shard state = state(history, shard.name());
            Segment last = state.last();
            ClockBounds clock = state.clock();
            Map<String, @Nullable Object> json = Json.object(
                    "name", shard.name(),
                    "postgres", shard.postgresMajor(),
                    "systemIdentifier", shard.systemIdentifier(),
                    "timeline", last == null ? null : last.timeline(),
                    "archivedTo", last == null ? null : last.end(),
                    "safeTime", state.safeTime().orElse(null),
                    "lagMillis",
                            state.safeTime()
                                    .map(time -> Duration.between(time, now).toMillis())
                                    .orElse(null),
                    "clockOffsetLowMicros", clock == null ? null : clock.offsetLowMicros(),
                    "clockOffsetHighMicros", clock == null ? null : clock.offsetHighMicros(),
                    "clockReadAt", clock == null ? null : Moments.ofMicros(clock.atReferenceMicros()),
                    "inDoubt", last == null ? null : last.openPrepared().size(),
                    "inDoubtOld", state.stale().stream().map(OpenPrepared::gid).toList(),
                    "ledgerEntries", state.entries());
            json.putAll(ShardCommand.member(repository.membership(), shard.name()));
            shards.add(json);
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
                "membershipVersion",
                repository.membership().version(),
                "now",
                now,
                "safeTime",
                safe.orElse(null),
                "safeTimeAgeMillis",
                safe.map(time -> Duration.between(time, now).toMillis()).orElse(null),
                "heldBackBy",
                history.heldBackBy(),
                "heldBackReason",
                heldBack(repository, history, now).orElse(null),
                "alarms",
                history.breaks(),
                "recoverable",
                ranges,
                "shards",
                shards,
                "snapshots",
                list);
    }
}
