package io.isochron.restore;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Cut;
import io.isochron.chronicle.CutSolver;
import io.isochron.chronicle.NearMoments;
import io.isochron.chronicle.Solution;
import io.isochron.chronicle.Target;
import io.isochron.chronicle.Unreachable;
import io.isochron.store.Membership.Period;
import io.isochron.store.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the cut for a target by reading the chronicle only around it, and more only where the cut depends on more: a transaction in doubt for long, an archive that lags. Has no regard to snapshots:
 * whether a cut can be restored is {@link RestorePlanner}'s question. Writes nothing.
 */
public final class CutFinder {
    /** What is read at least to either side: readings of the clocks that surround the events there. */
    private static final Duration LEAST = Duration.ofMillis(2500);

    /** In the least window, mostly no events are asked for that arrived earlier than this: neither the last commit before the moment nor a PREPARE that is in doubt. */
    private static final Duration EVENTS_BEFORE = Duration.ofMillis(250);

    /** Nor such that arrived later: up to a second after the moment an event may have been written before it. */
    private static final Duration EVENTS_AFTER = Duration.ofMillis(1200);

    /** With few shards as much as shows the fences of the minute before, too. */
    private static final Duration MOST = Duration.ofSeconds(65);

    private static final Duration ALL_SHARDS = Duration.ofMinutes(10);
    private static final List<Duration> FURTHER = List.of(Duration.ofMinutes(2), Duration.ofMinutes(15));

    /**
     * A cut with what it was computed from.
     *
     * @param history the chronicle around it
     */
    public record Found(Cut cut, ClusterHistory history) {}

    private final Repository repository;
    private final MemberPeriods members;

    public CutFinder(Repository repository) {
        this.repository = repository;
        this.members = new MemberPeriods(repository);
    }

    /**
     * The cut for a target, over the members of its moment.
     *
     * @throws PlanRefusedException if it cannot be reached
     * @throws IOException if the repository cannot be read or is damaged
     */
    public Found find(Target target, PlanOptions options) throws IOException {
        try {
            return findByReading(target, options);
        } catch (UncheckedIOException e) {
            // events were asked for that had not been read, by the solver or by what looks at other members
            throw Objects.requireNonNull(e.getCause());
        }
    }

    private Found findByReading(Target target, PlanOptions options) throws IOException {
        MomentSearch.Span all = target instanceof Target.Latest
                ? null
                : new MomentSearch(repository, options.dialect()).of(target).orElseThrow(() -> notThere(target));
        Refusals refusals = new Refusals(repository, target);
        for (Period period : members.candidates(target, all)) {
            MomentSearch.Span span = all != null
                    ? all
                    : new MomentSearch(repository, options.dialect(), period.shards())
                            .of(target)
                            .orElse(null);
            Optional<Found> found = span == null ? Optional.empty() : find(target, options, period, span, refusals);
            if (found.isPresent()) {
                return found.get();
            }
        }
        throw refusals.any() ? refusals.refusal() : notThere(target);
    }

    private static PlanRefusedException notThere(Target target) {
        return new PlanRefusedException(
                RestorePlanner.describe(target) + " is not in the chronicle", "look with `isochron history` what is");
    }

    private Optional<Found> find(
            Target target, PlanOptions options, Period period, MomentSearch.Span span, Refusals refusals)
            throws IOException {
        ChronicleReader chronicle = new ChronicleReader(repository, period);
        Unreachable refused = null;
        for (Window window : windows(span, chronicle)) {
            ClusterHistory history = chronicle.decisions(window.from(), window.to(), window.near());
            switch (solve(history, target, options)) {
                case Cut cut -> {
                    Optional<Unreachable> doubt =
                            members.refusal(cut, history, period, options.dialect(), window.from(), window.to());
                    if (doubt.isEmpty()) {
                        return Optional.of(new Found(cut, history));
                    }
                    refused = doubt.get();
                }
                case Unreachable unreachable -> refused = unreachable;
            }
            if (refused.why() == Unreachable.Why.OTHER_MEMBERS
                    || (refused.why() == Unreachable.Why.AFTER_SAFE_TIME && refused.nearestBefore() != null)) {
                break;
            }
        }
        if (refused != null) {
            refusals.add(refused);
        }
        return Optional.empty();
    }

    private static Solution solve(ClusterHistory history, Target target, PlanOptions options) {
        CutSolver solver = new CutSolver(history, options.dialect());
        return options.eachShardByItself() ? solver.solveEachShardByItself(target) : solver.solve(target);
    }

    private record Window(
            @Nullable Instant from,
            @Nullable Instant to,
            @Nullable NearMoments near) {
        Window(@Nullable Instant from, @Nullable Instant to) {
            this(from, to, null);
        }
    }

    /** What to read, least first. */
    private static List<Window> windows(MomentSearch.Span span, ChronicleReader chronicle) {
        Duration share = ALL_SHARDS.dividedBy(chronicle.shards().size());
        Duration around = share.compareTo(LEAST) < 0 ? LEAST : share.compareTo(MOST) > 0 ? MOST : share;
        List<Window> windows = new ArrayList<>();
        windows.add(new Window(
                span.from().minus(around),
                span.to().plus(around),
                new NearMoments(
                        micros(span.from().minus(EVENTS_BEFORE)),
                        micros(span.to().plus(EVENTS_AFTER)))));
        for (Duration further : FURTHER) {
            windows.add(new Window(span.from().minus(further), span.to().plus(further)));
        }
        windows.add(new Window(null, null));
        return windows;
    }

    private static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }
}
