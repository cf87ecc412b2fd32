package io.isochron.upkeep;

import io.isochron.store.Membership;
import io.isochron.store.RetentionPromise;
import io.isochron.upkeep.RetentionDecision.Single;
import io.isochron.upkeep.RetentionFacts.PeriodFacts;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a promise needs. Pure: the same facts give the same decision. What is needed is computed from the promise alone, and what may go is what is left, so that no setting can name something
 * for removal.
 *
 * <p>For every moment of the window each shard that was a member then needs the newest snapshot that was usable when the window began, and all WAL from there on; later snapshots stay, since they make
 * restores quick. Before the window, one moment of each day, week or month is kept: the first one that can be reached from the first snapshot of that day, week or month.
 */
final class RetentionPlanner {
    private RetentionPlanner() {}

    /** A rule for single moments. */
    private record Rule(String name, Duration length, UnaryOperator<LocalDate> period) {}

    static RetentionDecision decide(RetentionPromise promise, RetentionFacts facts) {
        Instant windowFrom = facts.now().minus(promise.anySecond()).minus(promise.buffer());
        Map<String, Long> floors = new HashMap<>();
        Map<String, String> base = new HashMap<>();
        facts.undecided().forEach(shard -> floors.put(shard, 0L));
        Instant continuous = null;
        for (PeriodFacts period : facts.periods()) {
            if (!period.to().isAfter(windowFrom)) {
                continue;
            }
            RetentionPoint first = base(period, windowFrom);
            if (first == null) {
                // nothing can be reached there yet, so nothing can be told to be of no use; in a period that is over
                // nothing ever will be
                if (period.to().equals(Instant.MAX)) {
                    period.shards().forEach(shard -> floors.put(shard, 0L));
                }
                continue;
            }
            if (continuous == null) {
                continuous = first.usable().isBefore(period.from()) ? period.from() : first.usable();
            }
            for (String shard : period.shards()) {
                long start = first.starts().getOrDefault(shard, 0L);
                Long known = floors.get(shard);
                if (known == null || Long.compareUnsigned(start, known) < 0) {
                    floors.put(shard, start);
                    base.put(shard, first.parts().getOrDefault(shard, first.id()));
                }
            }
        }
        for (String shard : facts.shards()) {
            long former = facts.horizon().floor(shard).wal();
            floors.merge(
                    shard,
                    RetentionDecision.NOTHING,
                    (known, none) -> Long.compareUnsigned(known, former) < 0 ? former : known);
        }
        List<Single> singles = singles(promise, facts, windowFrom, floors);
        Map<String, String> kept = kept(facts, floors, singles);
        List<String> dropped = facts.snapshots().keySet().stream()
                .filter(id -> !kept.containsKey(id))
                .sorted()
                .toList();
        return new RetentionDecision(
                facts.now(), windowFrom, continuous, Map.copyOf(floors), Map.copyOf(base), singles, kept, dropped);
    }

    /** The newest point that was usable when the window, or the period, began; the oldest if none was; null if there is none at all. */
    private static @Nullable RetentionPoint base(PeriodFacts period, Instant windowFrom) {
        Instant begin = period.from().isAfter(windowFrom) ? period.from() : windowFrom;
        RetentionPoint base = null;
        for (RetentionPoint point : period.points()) {
            if (point.single() == null
                    && point.usable().isBefore(period.to())
                    && (base == null || !point.usable().isAfter(begin))) {
                base = point;
            }
        }
        return base;
    }

    private static List<Single> singles(
            RetentionPromise promise, RetentionFacts facts, Instant windowFrom, Map<String, Long> floors) {
        Map<String, Single> chosen = new LinkedHashMap<>();
        for (Rule rule : rules(promise)) {
            if (rule.length().isZero()) {
                continue;
            }
            // the oldest day goes when all of it is too old: the moment that was kept of it may be its first
            Instant from = rule.period()
                    .apply(day(facts.now().minus(rule.length()).minus(promise.buffer())))
                    .atStartOfDay()
                    .toInstant(ZoneOffset.UTC);
            Map<LocalDate, Single> first = new HashMap<>();
            for (PeriodFacts period : facts.periods()) {
                for (RetentionPoint point : period.points()) {
                    boolean inTime = !point.usable().isBefore(from)
                            // of what is kept for one moment only nothing else would keep it, however a clock was set
                            // back
                            && (point.single() != null || point.usable().isBefore(windowFrom))
                            && holds(period, point.usable());
                    if (inTime) {
                        first.merge(
                                rule.period().apply(day(point.usable())),
                                new Single(rule.name(), period.shards(), point),
                                (one, other) -> other.point()
                                                .usable()
                                                .isBefore(one.point().usable())
                                        ? other
                                        : one);
                    }
                }
            }
            first.values().stream()
                    .filter(single -> below(single.point(), floors))
                    .forEach(single -> chosen.putIfAbsent(single.point().id(), single));
        }
        List<Single> result = new ArrayList<>(chosen.values());
        result.sort(Comparator.comparing(single -> single.point().usable()));
        return List.copyOf(result);
    }

    private static boolean holds(PeriodFacts period, Instant moment) {
        return new Membership.Period(period.from(), period.to(), period.shards()).holds(moment);
    }

    /** Whether what replay from a point needs is not kept anyway. */
    private static boolean below(RetentionPoint point, Map<String, Long> floors) {
        return point.starts().entrySet().stream()
                .anyMatch(start -> Long.compareUnsigned(start.getValue(), floors.getOrDefault(start.getKey(), 0L)) < 0);
    }

    private static List<Rule> rules(RetentionPromise promise) {
        return List.of(
                new Rule("daily", promise.daily(), day -> day),
                new Rule(
                        "weekly",
                        promise.weekly(),
                        day -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))),
                new Rule("monthly", promise.monthly(), day -> day.withDayOfMonth(1)));
    }

    private static LocalDate day(Instant moment) {
        return moment.atOffset(ZoneOffset.UTC).toLocalDate();
    }

    /** A snapshot goes when none of its shards can be brought on from it any more, and no single moment needs it. */
    private static Map<String, String> kept(RetentionFacts facts, Map<String, Long> floors, List<Single> singles) {
        Map<String, String> kept = new LinkedHashMap<>();
        for (Single single : singles) {
            String moment = single.point().single() == null
                    ? String.valueOf(single.point().usable())
                    : String.valueOf(single.point().single().moment());
            single.point().parts().values().forEach(id -> kept.putIfAbsent(id, single.rule() + " moment " + moment));
        }
        facts.snapshots()
                .forEach((id, starts) -> starts.forEach((shard, start) -> {
                    if (Long.compareUnsigned(start, floors.getOrDefault(shard, 0L)) >= 0) {
                        kept.putIfAbsent(id, "every moment of the window");
                    }
                }));
        return kept;
    }
}
