package io.isochron.restore;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Cut;
import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.OtherShard;
import io.isochron.chronicle.OtherShards;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.Target;
import io.isochron.chronicle.Unreachable;
import io.isochron.store.Membership;
import io.isochron.store.Membership.Period;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which members a target's cut may have, and what the other shards say to it. The solver decides: it refuses a cut outside the time of the members that it was given. */
final class MemberPeriods {
    /** How far a cut may lie from the segments in which what it is named after was found. */
    private static final Duration AROUND = Duration.ofMinutes(1);

    private final Repository repository;
    private final Membership membership;

    MemberPeriods(Repository repository) {
        this.repository = repository;
        this.membership = repository.membership();
    }

    /** When the members of a period were the cluster's; the end of the microseconds' range stands for no limit. */
    static long fromMicros(Period period) {
        return period.from().equals(Instant.MIN) ? Long.MIN_VALUE : micros(period.from());
    }

    static long toMicros(Period period) {
        return period.to().equals(Instant.MAX) ? Long.MAX_VALUE : micros(period.to());
    }

    private static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }

    /**
     * The periods in one of which a target's cut lies, in the order in which to try them.
     *
     * @param span where what the target names was found; null if it was not looked for
     */
    List<Period> candidates(Target target, MomentSearch.@Nullable Span span) {
        List<Period> periods = membership.periods();
        return switch (target) {
            case Target.Time time -> List.of(membership.at(time.moment()));
            case Target.FenceBefore before ->
                periods.stream()
                        .filter(period -> !period.from().isAfter(before.moment()))
                        .toList()
                        .reversed();
            case Target.Positions positions -> {
                List<Period> named = periods.stream()
                        .filter(period -> Set.copyOf(period.shards())
                                .equals(positions.byShard().keySet()))
                        .toList()
                        .reversed();
                yield named.isEmpty() ? List.of(membership.present()) : named;
            }
            case Target.Latest _,
                    Target.BeforeTransaction _,
                    Target.AfterTransaction _,
                    Target.NamedRestorePoint _,
                    Target.AtFence _ ->
                periods.stream()
                        .filter(period -> span == null
                                || (period.from().isBefore(span.to().plus(AROUND))
                                        && period.to().isAfter(span.from().minus(AROUND))))
                        .toList()
                        .reversed();
        };
    }

    /**
     * Refuses a cut that shards which were no members then speak against.
     *
     * @param from beginning of what was read of the members, null for everything
     * @param to its end
     */
    Optional<Unreachable> refusal(
            Cut cut,
            ClusterHistory history,
            Period period,
            Dialect dialect,
            @Nullable Instant from,
            @Nullable Instant to)
            throws IOException {
        List<String> others = membership.cluster().shards().stream()
                .map(ShardIdentity::name)
                .filter(shard -> !period.shards().contains(shard))
                .toList();
        if (others.isEmpty() || !OtherShards.matter(cut)) {
            return Optional.empty();
        }
        List<OtherShard> known = new ArrayList<>();
        new ChronicleReader(repository, others)
                .segments(from, to)
                .forEach((shard, segments) -> known.add(other(shard, segments)));
        return OtherShards.refusal(cut, history, dialect, known);
    }

    private OtherShard other(String shard, List<Segment> segments) {
        Instant joined = membership.joined(shard);
        Instant left = membership.left(shard);
        return new OtherShard(
                shard,
                joined.equals(Instant.MIN)
                        ? Long.MIN_VALUE
                        : joined.equals(Instant.MAX) ? Long.MAX_VALUE : micros(joined),
                left.equals(Instant.MAX) ? Long.MAX_VALUE : micros(left),
                segments);
    }
}
