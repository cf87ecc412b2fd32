package io.isochron.upkeep;

import io.isochron.store.Horizon;
import io.isochron.store.RetentionPromise;
import io.isochron.store.RetentionRecord;
import io.isochron.store.RetentionRecord.Floor;
import io.isochron.store.RetentionRecord.KeptMoment;
import io.isochron.store.RetentionRecord.Positions;
import io.isochron.upkeep.RetentionDecision.Single;
import io.isochron.upkeep.RetentionFacts.PeriodFacts;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Two shards, their archive and what becomes of it over many days, with an oracle that knows the true time. WAL of a shard is one byte for each second since the beginning. Snapshots are taken about once
 * a day or fail for some days; capture stops for a while, which leaves a gap or only a standstill; at any time at most one of the four clocks (this host's, capture's, each shard's) is wrong, by up to a
 * year in either direction. Expiry runs about daily or not for weeks.
 */
final class RetentionWorld {
    private static final List<String> SHARDS = List.of("a", "b");
    private static final Instant BEGIN = Instant.parse("2027-01-01T00:00:00Z");
    private static final long DAY = Duration.ofDays(1).toSeconds();

    private record Taken(String id, Map<String, Long> start, long usable, Instant measured) {}

    private record Gap(String shard, long from, long to) {}

    private final Random random;
    private final RetentionPromise promise;
    private final long days;
    private final List<Taken> ever = new ArrayList<>();
    private final List<Gap> gaps = new ArrayList<>();
    private final List<String> lost = new ArrayList<>();
    private final List<String> tooMuch = new ArrayList<>();
    private final Set<String> present = new TreeSet<>();
    private Horizon horizon = Horizon.EVERYTHING;
    private long archived;
    private long stoppedUntil = -1;
    private int wrongClock = -1;
    private long wrongBy;
    private long expiries;
    private long singles;
    private long clocksWrong;

    RetentionWorld(long seed, RetentionPromise promise, int days) {
        this.random = new Random(seed);
        this.promise = promise;
        this.days = days;
    }

    List<String> lost() {
        return lost;
    }

    List<String> tooMuch() {
        return tooMuch;
    }

    long expiries() {
        return expiries;
    }

    long singles() {
        return singles;
    }

    long clocksWrong() {
        return clocksWrong;
    }

    void run() {
        long nextSnapshot = 3600;
        long nextExpiry = DAY;
        for (long now = 0; now < days * DAY; now += 1800) {
            clocks();
            capture(now);
            if (now >= nextSnapshot && stoppedUntil < 0) {
                snapshot(now);
                nextSnapshot = now + DAY / 2 + random.nextLong(DAY) + (random.nextInt(20) == 0 ? 4 * DAY : 0);
            }
            if (now >= nextExpiry) {
                expire(now);
                nextExpiry = now + DAY / 2 + random.nextLong(DAY) + (random.nextInt(15) == 0 ? 20 * DAY : 0);
            }
            if (random.nextInt(96) == 0) {
                look(now);
            }
        }
    }

    private void clocks() {
        if (wrongClock >= 0 && random.nextInt(60) == 0) {
            wrongClock = -1;
        } else if (wrongClock < 0 && random.nextInt(400) == 0) {
            wrongClock = random.nextInt(4);
            wrongBy = random.nextLong(-365 * DAY, 365 * DAY);
            clocksWrong++;
        }
    }

    /** What clock 0 (this host), 1 (capture), 2 and 3 (the shards) show. */
    private Instant clock(int number, long now) {
        return BEGIN.plusSeconds(now + random.nextLong(-2, 3) + (number == wrongClock ? wrongBy : 0));
    }

    private void capture(long now) {
        if (stoppedUntil >= 0 && now >= stoppedUntil) {
            stoppedUntil = -1;
            if (random.nextBoolean()) {
                // the slot was lost: what was written meanwhile is not archived
                gaps.add(new Gap(SHARDS.get(random.nextInt(2)), archived, now - 60));
            }
        }
        if (stoppedUntil < 0) {
            archived = now;
            if (random.nextInt(1000) == 0) {
                stoppedUntil = now + random.nextLong(12 * DAY);
            }
        }
    }

    private void snapshot(long now) {
        Map<String, Long> start = new HashMap<>();
        for (String shard : SHARDS) {
            start.put(shard, Math.max(1, now - 1200 - random.nextLong(300)));
        }
        long usable = now;
        List<Instant> readings = List.of(clock(1, usable), clock(2, usable), clock(3, usable));
        String id = "%05d".formatted(ever.size());
        if (start.keySet().stream().allMatch(shard -> whole(shard, start.get(shard), usable))) {
            ever.add(new Taken(id, start, usable, Clocks.past(readings)));
            present.add(id);
        }
    }

    private boolean whole(String shard, long from, long to) {
        return gaps.stream().noneMatch(gap -> gap.shard().equals(shard) && gap.from() < to && gap.to() > from);
    }

    private void expire(long now) {
        Instant counted =
                Clocks.now(clock(0, now), clock(1, archived), List.of(clock(2, archived), clock(3, archived)));
        RetentionDecision decision = RetentionPlanner.decide(promise, facts(counted));
        List<KeptMoment> moments = new ArrayList<>();
        for (Single single : decision.singles()) {
            KeptMoment known = single.point().single();
            moments.add(known != null ? known : kept(single));
        }
        singles += moments.size();
        Map<String, Floor> floors = new TreeMap<>();
        decision.floors()
                .forEach((shard, floor) -> floors.put(shard, new Floor(floor, 0, 0, 0).max(horizon.floor(shard))));
        Set<String> dropped = new TreeSet<>(decision.dropped());
        present.stream().filter(horizon::dropped).forEach(dropped::add);
        horizon = Horizon.of(new RetentionRecord(
                horizon.nextNumber(),
                BEGIN,
                "",
                promise,
                counted,
                decision.continuous(),
                floors,
                moments,
                List.copyOf(dropped),
                Map.of()));
        // a run that was killed removes some of it only, the next one the rest
        dropped.stream().filter(id -> random.nextInt(10) > 0).forEach(present::remove);
        expiries++;
        look(now);
        if (wrongClock < 0) {
            excess(now);
        }
    }

    private KeptMoment kept(Single single) {
        Map<String, Positions> wal = new TreeMap<>();
        single.point()
                .starts()
                .forEach((shard, start) -> wal.put(
                        shard, new Positions(start, taken(single.point().id()).usable() + 1)));
        return new KeptMoment(
                single.point().usable().plusSeconds(1),
                single.rule(),
                single.point().id(),
                List.of(single.point().id()),
                wal);
    }

    private Taken taken(String id) {
        return ever.get(Integer.parseInt(id));
    }

    private RetentionFacts facts(Instant counted) {
        Map<String, Map<String, Long>> snapshots = new LinkedHashMap<>();
        List<RetentionPoint> points = new ArrayList<>();
        Instant latest = Instant.MIN;
        Map<String, KeptMoment> kept = new HashMap<>();
        horizon.moments().forEach(moment -> kept.put(moment.snapshot(), moment));
        for (String id : present) {
            Taken taken = taken(id);
            if (horizon.dropped(id)) {
                continue;
            }
            snapshots.put(id, taken.start());
            boolean whole = taken.start().entrySet().stream()
                    .allMatch(start ->
                            start.getValue() >= horizon.floor(start.getKey()).wal());
            KeptMoment single = whole ? null : kept.get(id);
            if (whole || single != null) {
                Instant usable = single != null ? single.moment() : taken.measured();
                latest = usable.isAfter(latest) ? usable : latest;
                points.add(new RetentionPoint(id, latest, Map.of("a", id, "b", id), taken.start(), single));
            }
        }
        return new RetentionFacts(
                counted,
                List.of(new PeriodFacts(Instant.MIN, Instant.MAX, SHARDS, points)),
                snapshots,
                Set.of(),
                SHARDS,
                horizon);
    }

    /** Whether a moment could be reached if nothing ever had been removed, and whether it can be now. */
    private boolean reachable(long moment, boolean now) {
        return ever.stream()
                .anyMatch(taken -> taken.usable() <= moment
                        && moment <= archived
                        && SHARDS.stream()
                                .allMatch(shard -> whole(shard, taken.start().get(shard), moment))
                        && (!now || (present.contains(taken.id()) && keeps(taken, moment))));
    }

    private boolean keeps(Taken taken, long moment) {
        return !horizon.dropped(taken.id())
                && SHARDS.stream()
                        .allMatch(shard -> horizon.keepsWhole(
                                shard, new Positions(taken.start().get(shard), moment)));
    }

    private void look(long now) {
        long from = now - promise.anySecond().toSeconds();
        for (int i = 0; i < 20; i++) {
            long moment = Math.max(1, i == 0 ? from : random.nextLong(from, now + 1));
            if (reachable(moment, false) && !reachable(moment, true)) {
                lost.add("moment " + moment + " at " + now);
            }
        }
        singles(now, promise.daily(), day -> day);
        singles(now, promise.weekly(), day -> day.minusDays(day.getDayOfWeek().getValue() - 1L));
        singles(now, promise.monthly(), day -> day.withDayOfMonth(1));
    }

    private void singles(long now, Duration length, java.util.function.UnaryOperator<LocalDate> period) {
        Map<LocalDate, Boolean> periods = new HashMap<>();
        for (Taken taken : ever) {
            // some seconds within, since clocks that are right differ by some
            boolean promised = taken.usable() >= now - length.toSeconds() + 10
                    && taken.usable()
                            < archived
                                    - promise.anySecond().toSeconds()
                                    - promise.buffer().toSeconds()
                                    - 10
                    && day(taken.usable() - 5).equals(day(taken.usable() + 15));
            if (promised) {
                periods.putIfAbsent(period.apply(day(taken.usable())), false);
            }
        }
        for (Taken taken : ever) {
            long moment = taken.usable() + 1;
            boolean kept = present.contains(taken.id())
                    && keeps(taken, moment)
                    && SHARDS.stream()
                            .allMatch(shard -> whole(shard, taken.start().get(shard), moment));
            if (kept) {
                periods.computeIfPresent(period.apply(day(taken.usable())), (day, found) -> true);
            }
        }
        periods.forEach((day, found) -> {
            if (!found) {
                lost.add("the moment of " + day + " at " + now);
            }
        });
    }

    private static LocalDate day(long second) {
        return BEGIN.plusSeconds(second).atOffset(ZoneOffset.UTC).toLocalDate();
    }

    /** Besides what single moments need at most one snapshot that was usable before the window, and nothing before its start. */
    private void excess(long now) {
        long from =
                archived - promise.anySecond().toSeconds() - promise.buffer().toSeconds() - 10;
        Set<String> single = new TreeSet<>();
        horizon.moments().forEach(kept -> single.addAll(kept.parts()));
        List<Taken> before = ever.stream()
                .filter(taken -> present.contains(taken.id()) && !horizon.dropped(taken.id()))
                .filter(taken -> !single.contains(taken.id()) && taken.usable() < from)
                .toList();
        if (before.size() > 1) {
            tooMuch.add(before.size() + " snapshots before the window at " + now + ": " + before);
        }
        Taken base = ever.stream()
                .filter(taken -> present.contains(taken.id()) && taken.usable() < from)
                .reduce((one, other) -> other)
                .orElse(null);
        if (base != null) {
            for (String shard : SHARDS) {
                if (horizon.floor(shard).wal() < base.start().get(shard)) {
                    tooMuch.add(
                            "WAL of " + shard + " from " + horizon.floor(shard).wal() + " at " + now + ", needed from "
                                    + base.start().get(shard));
                }
            }
        }
        long periods = promise.daily().toDays()
                + promise.weekly().toDays() / 7
                + promise.monthly().toDays() / 28
                + 6;
        if (horizon.moments().size() > periods) {
            tooMuch.add(horizon.moments().size() + " single moments at " + now);
        }
    }
}
