package io.isochron.restore;

import io.isochron.chronicle.Certificate;
import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Cut;
import io.isochron.chronicle.CutSolver;
import io.isochron.chronicle.Decision;
import io.isochron.chronicle.LateCommit;
import io.isochron.chronicle.SnapshotPoint;
import io.isochron.chronicle.Solution;
import io.isochron.chronicle.Target;
import io.isochron.chronicle.Unreachable;
import io.isochron.objects.ObjectExistsException;
import io.isochron.store.Membership.Period;
import io.isochron.store.Repository;
import io.isochron.store.SnapshotInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns what was asked for into a plan, or refuses it with the nearest reachable moments. Reads the repository; writes nothing but the cut's certificate
 * there, and nothing at all if it refuses.
 */
public final class RestorePlanner {

    /** The kind under which certificates are kept among the repository's documents. */
    public static final String CERTIFICATES = "cut";

    private static final Duration BEFORE_SNAPSHOT = Duration.ofMinutes(2);
    private static final Duration BEHIND_MOMENT = Duration.ofMinutes(5);

    private final Repository repository;
    private final MemberPeriods members;

    public RestorePlanner(Repository repository) {
        this.repository = repository;
        this.members = new MemberPeriods(repository);
    }

    /**
     * A plan for a target, from the snapshot with the least to replay. One that is known not to be whole is passed over for an older one, which gives the same state; the plan says so.
     *
     * @throws PlanRefusedException if it cannot be reached
     * @throws IOException if the repository cannot be read or is damaged
     */
    public RestorePlan plan(Target target, PlanOptions options) throws IOException {
        SnapshotSelection selection = SnapshotSelection.of(repository, options.snapshots());
        while (true) {
            try {
                return plan(target, options, selection);
            } catch (SnapshotSelection.NotWholeException e) {
                selection.passOver(e);
            } catch (PlanRefusedException e) {
                throw selection.refused(e);
            }
        }
    }

    private RestorePlan plan(Target target, PlanOptions options, SnapshotSelection selection)
            throws IOException, SnapshotSelection.NotWholeException {
        if (selection.usable().isEmpty()) {
            throw new PlanRefusedException(
                    "the repository of cluster " + repository.cluster().name() + " holds no snapshot"
                            + (options.snapshots().named() ? " that may be used" : ""),
                    "take one while capture runs");
        }
        Refusals refusals = new Refusals(repository, target);
        PlanRefusedException unplanned = null;
        for (Period period : members.candidates(target, span(target, options))) {
            Optional<RestorePlan> plan = Optional.empty();
            try {
                plan = plan(target, options, selection, period, refusals);
            } catch (PlanRefusedException e) {
                unplanned = unplanned == null ? e : unplanned;
            }
            if (plan.isPresent()) {
                return plan.get();
            }
        }
        throw unplanned == null ? refusals.refusal() : unplanned;
    }

    /** Where the changes of the membership matter. */
    private MomentSearch.@Nullable Span span(Target target, PlanOptions options) throws IOException {
        boolean search = repository.membership().periods().size() > 1 && !(target instanceof Target.Latest);
        return search
                ? new MomentSearch(repository, options.dialect()).of(target).orElse(null)
                : null;
    }

    /** A plan with the members of a period; empty if it is refused. */
    private Optional<RestorePlan> plan(
            Target target, PlanOptions options, SnapshotSelection selection, Period period, Refusals refusals)
            throws IOException, SnapshotSelection.NotWholeException {
        ChronicleReader chronicle = new ChronicleReader(repository, period, selection.usable());
        PlanRefusedException unplanned = null;
        Unreachable refused = null;
        for (Window window : windows(target, selection.usable())) {
            ClusterHistory history = chronicle.window(window.from(), window.to());
            CutSolver solver = new CutSolver(history, options.dialect());
            Solution solution =
                    options.eachShardByItself() ? solver.solveEachShardByItself(target) : solver.solve(target);
            switch (solution) {
                case Unreachable unreachable -> {
                    refused = unreachable;
                    unplanned = null;
                }
                case Cut cut -> {
                    Optional<Unreachable> doubt =
                            members.refusal(cut, history, period, options.dialect(), window.from(), window.to());
                    Optional<RestorePlan> plan = doubt.isPresent()
                            ? Optional.empty()
                            : planFor(cut, target, history, window, selection, chronicle);
                    if (plan.isPresent()) {
                        return plan;
                    }
                    refused = doubt.orElse(null);
                    unplanned = doubt.isPresent()
                            ? null
                            : new PlanRefusedException(
                                    describe(target) + " has no snapshot that it could be restored from"
                                            + (options.snapshots().named() ? " among those that may be used" : ""),
                                    "take snapshots regularly, and ask for a later moment");
                }
            }
        }
        if (unplanned != null) {
            throw unplanned;
        }
        if (refused != null) {
            refusals.add(refused);
        }
        return Optional.empty();
    }

    /** @param complete whether nothing lies outside */
    private record Window(@Nullable Instant from, @Nullable Instant to, boolean complete) {}

    /** What to read, least first: from shortly before the last snapshot that can serve, then everything. */
    private static List<Window> windows(Target target, List<SnapshotInfo> snapshots) {
        List<Window> windows = new ArrayList<>();
        if (target instanceof Target.Time time) {
            Instant to = time.moment().plus(BEHIND_MOMENT);
            for (SnapshotInfo snapshot : snapshots.reversed()) {
                if (snapshot.created().isBefore(time.moment()) && windows.size() < 2) {
                    windows.add(new Window(snapshot.created().minus(BEFORE_SNAPSHOT), to, false));
                }
            }
        } else {
            windows.add(new Window(snapshots.getLast().created().minus(BEFORE_SNAPSHOT), null, false));
        }
        windows.add(new Window(null, null, true));
        return windows;
    }

    private Optional<RestorePlan> planFor(
            Cut cut,
            Target target,
            ClusterHistory history,
            Window window,
            SnapshotSelection selection,
            ChronicleReader chronicle)
            throws IOException, SnapshotSelection.NotWholeException {
        ShardPlanner shardPlanner = new ShardPlanner(repository, history);
        PlanRefusedException refused = null;
        for (SnapshotPoint point : history.usableSnapshots(cut)) {
            Map<String, SnapshotInfo> parts = chronicle.parts(selection.usable(), point.id());
            if (!selection.allows(point.id())) {
                continue;
            }
            if (!parts.keySet().containsAll(history.shards()) || (!window.complete() && !shardPlanner.covers(point))) {
                continue;
            }
            try {
                List<ShardPlan> shards = new ArrayList<>();
                Instant newest = Instant.MIN;
                for (String shard : history.shards()) {
                    SnapshotInfo part = Objects.requireNonNull(parts.get(shard));
                    shards.add(shardPlanner.plan(cut, part, shard));
                    newest = part.created().isAfter(newest) ? part.created() : newest;
                }
                for (String shard : history.shards()) {
                    selection.requireWhole(Objects.requireNonNull(parts.get(shard)), shard);
                }
                Instant moment = target instanceof Target.Positions ? null : cut.moment();
                return Optional.of(assemble(cut, target, shards, selection.passedOver(newest, moment)));
            } catch (PlanRefusedException e) {
                // the cut may be reachable from another snapshot
                refused = refused == null ? e : refused;
            }
        }
        if (refused != null && window.complete()) {
            throw refused;
        }
        return Optional.empty();
    }

    private RestorePlan assemble(Cut cut, Target target, List<ShardPlan> shards, List<String> passedOver)
            throws IOException {
        Certificate certificate = new Certificate(repository.cluster().name(), cut);
        byte[] json = certificate.toJson();
        try {
            repository.documents().put(CERTIFICATES, certificate.id(), json);
        } catch (ObjectExistsException e) {
            // the id is the content's hash: the same cut was planned before
        }
        long fetchBytes = shards.stream().mapToLong(ShardPlan::snapshotBytes).sum();
        long replayBytes = shards.stream().mapToLong(ShardPlan::walBytes).sum();
        long segments = shards.stream().mapToLong(ShardPlan::walSegmentBytes).sum();
        return new RestorePlan(
                RestorePlan.FORMAT_VERSION,
                certificate.id(),
                Instant.now().truncatedTo(ChronoUnit.MICROS),
                repository.cluster().name(),
                repository.cluster().id().toString(),
                describe(target),
                target instanceof Target.Positions ? null : cut.moment(),
                cut.grade().toString(),
                cut.epsilonMicros(),
                cut.lateCommits().stream().map(RestorePlanner::describe).toList(),
                new String(json, StandardCharsets.UTF_8),
                shards,
                RestoreClock.estimateMillis(fetchBytes, replayBytes),
                // replayed WAL is kept until the next checkpoint of the copy, and may make the data grow by as much
                fetchBytes + 2 * replayBytes + 4 * segments,
                passedOver);
    }

    /** A late commit in words. */
    public static String describe(LateCommit late) {
        return "shard " + late.shard() + ", transaction "
                + Integer.toUnsignedString(late.event().xid()) + " at "
                + late.event().start()
                + ": " + late.why().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ')
                + (late.keptByDecision() ? ", kept by its decision" : "");
    }

    static PlanRefusedException refusal(Unreachable unreachable) {
        return new PlanRefusedException(
                unreachable.reason(),
                switch (unreachable.why()) {
                    case BEFORE_WINDOW -> "a snapshot is needed before the moment";
                    case AFTER_SAFE_TIME ->
                        "wait until every shard's archive has reached the moment, or see which shard holds it back";
                    case GAP -> "WAL is missing there; moments behind the gap need a snapshot taken after it";
                    case MISSING_SHARD -> "every shard must have been captured";
                    case IN_DOUBT_UNKNOWN -> "ask for a moment after the prepared transaction was decided";
                    case NOT_LOADED -> "the chronicle does not reach back far enough";
                    case OTHER_MEMBERS -> "`isochron shard list` shows which shards were members when";
                    case UNKNOWN_TARGET -> "look the transaction up with history";
                },
                unreachable.nearestBefore(),
                unreachable.nearestAfter());
    }

    /** A target in the words that {@link RestorePlan#target} has. */
    public static String describe(Target target) {
        return switch (target) {
            case Target.Time time -> "time " + time.moment();
            case Target.Latest latest -> "latest";
            case Target.BeforeTransaction before ->
                "before transaction " + Integer.toUnsignedString(before.xid()) + " of shard " + before.shard();
            case Target.Positions positions -> "positions " + positions.byShard();
            case Target.AfterTransaction after ->
                "after transaction " + Integer.toUnsignedString(after.xid()) + " of shard " + after.shard();
            case Target.NamedRestorePoint point -> "restore point " + point.name();
            case Target.AtFence fence -> "fence " + fence.id();
            case Target.FenceBefore before -> "last fence before " + before.moment();
        };
    }

    static List<PlannedDecision> decisions(Cut cut, String shard) {
        return cut.decisions(shard).stream()
                .map(decision -> new PlannedDecision(
                        decision.gid(), decision.xid(), decision.action() == Decision.Action.COMMIT, decision.reason()))
                .toList();
    }
}
