package io.isochron.bench;

import io.isochron.chronicle.FenceMark;
import io.isochron.chronicle.RecoverableRange;
import io.isochron.chronicle.Segment;
import io.isochron.restore.ChronicleReader;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** When fences were that every shard of a run has a mark of. */
final class FenceTimes {
    private final TreeSet<Instant> times = new TreeSet<>();

    /** Reads the whole chronicle; what a failover abandoned is not in it. */
    static FenceTimes of(Repository repository) throws IOException {
        FenceTimes fences = new FenceTimes();
        Map<String, List<Segment>> segments = new ChronicleReader(repository).segments(null, null);
        Map<Long, Integer> marks = new HashMap<>();
        for (List<Segment> all : segments.values()) {
            for (Segment segment : all) {
                for (FenceMark mark : segment.fences()) {
                    if (marks.merge(mark.id(), 1, Integer::sum) == segments.size()) {
                        fences.times.add(Instant.EPOCH.plus(mark.referenceMicros(), ChronoUnit.MICROS));
                    }
                }
            }
        }
        return fences;
    }

    int count() {
        return times.size();
    }

    /** Whether one lies at or before a moment in the range that the moment is in. */
    boolean before(Instant moment, List<RecoverableRange> ranges) {
        Instant last = times.floor(moment);
        return last != null
                && ranges.stream()
                        .anyMatch(range -> !moment.isBefore(range.from())
                                && !moment.isAfter(range.to())
                                && !last.isBefore(range.from()));
    }
}
