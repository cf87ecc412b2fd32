package io.isochron.upkeep;

import io.isochron.chronicle.Segment;
import io.isochron.objects.ObjectInfo;
import io.isochron.restore.SegmentByPosition;
import io.isochron.store.Repository;
import io.isochron.store.RetentionPromise;
import io.isochron.store.SnapshotInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How much a repository holds, how fast it grows, and where that leads if nothing changes. Lists every object once.
 *
 * @param stored by the first part of names ({@code wal}, {@code pack}, ...), what is stored
 * @param observed the time from which the daily figures were taken: the last week, or as far back as is known
 * @param walPerDay bytes of WAL that all shards write in a day
 * @param storedPerDay what their WAL, chronicle and ledger take in the repository
 * @param snapshotBytes what a snapshot takes, on average
 * @param snapshotEvery how often one is taken, on average; zero if that cannot be told
 * @param steady what the repository will hold once as much is given up as comes in
 */
public record StorageForecast(
        Map<String, Removable.Count> stored,
        Duration observed,
        long walPerDay,
        long storedPerDay,
        long snapshotBytes,
        Duration snapshotEvery,
        long steady) {
    private static final Duration WEEK = Duration.ofDays(7);

    /** Everything that is stored. */
    public Removable.Count all() {
        return stored.values().stream()
                .reduce(
                        Removable.Count.NONE,
                        (one, other) ->
                                new Removable.Count(one.objects() + other.objects(), one.bytes() + other.bytes()));
    }

    /** @param now the moment from which promises count back */
    public static StorageForecast read(Repository repository, RetentionPromise promise, Instant now)
            throws IOException {
        Map<String, Removable.Count> stored = new TreeMap<>();
        try (Stream<ObjectInfo> all = repository.objects("")) {
            for (Iterator<ObjectInfo> i = all.iterator(); i.hasNext(); ) {
                ObjectInfo object = i.next();
                String folder = object.name().value().split("/", 2)[0];
                stored.merge(folder, new Removable.Count(1, object.bytes()), (one, more) -> one.plus(more.bytes()));
            }
        } catch (UncheckedIOException e) {
            throw e.getCause() == null ? new IOException(e) : e.getCause();
        }
        double walRate = 0;
        Duration observed = Duration.ZERO;
        long archivedBytes = 0;
        for (String shard : repository.membership().present().shards()) {
            SegmentByPosition segments = new SegmentByPosition(repository, shard);
            Segment newest = segments.newest().orElse(null);
            if (newest == null) {
                continue;
            }
            long from = newest.referenceLastMicros() - WEEK.toNanos() / 1000;
            Segment first = segments.endingFrom(from, newest);
            long micros = Math.max(1, newest.referenceLastMicros() - first.referenceFirstMicros());
            walRate += newest.end().minus(first.start()) / (double) micros;
            Duration time = Duration.ofNanos(micros * 1000);
            observed = time.compareTo(observed) > 0 ? time : observed;
            Segment oldest = segments.endingFrom(Long.MIN_VALUE, newest);
            archivedBytes += newest.end().minus(oldest.start());
        }
        long walPerDay = (long) (walRate * Duration.ofDays(1).toNanos() / 1000);
        long log = bytes(stored, "wal") + bytes(stored, "chronicle") + bytes(stored, "ledger");
        long storedPerDay = archivedBytes == 0 ? 0 : (long) ((double) log / archivedBytes * walPerDay);
        List<SnapshotInfo> snapshots = repository.snapshots().list();
        long snapshotBytes =
                snapshots.isEmpty() ? 0 : (bytes(stored, "pack") + bytes(stored, "manifest")) / snapshots.size();
        Duration every = snapshots.size() < 2
                ? Duration.ZERO
                : Duration.between(
                                snapshots.getFirst().created(),
                                snapshots.getLast().created())
                        .dividedBy(snapshots.size() - 1);
        return new StorageForecast(
                stored,
                observed,
                walPerDay,
                storedPerDay,
                snapshotBytes,
                every,
                steady(promise, storedPerDay, snapshotBytes, every));
    }

    private static long bytes(Map<String, Removable.Count> stored, String folder) {
        return stored.getOrDefault(folder, Removable.Count.NONE).bytes();
    }

    /** The window and the buffer, one snapshot interval more, and a snapshot for every single moment. */
    private static long steady(RetentionPromise promise, long storedPerDay, long snapshotBytes, Duration every) {
        double day = Duration.ofDays(1).toSeconds();
        double days = promise.anySecond().plus(promise.buffer()).plus(every).toSeconds() / day;
        double inWindow = every.isZero() ? 1 : days * day / every.toSeconds() + 1;
        double before = Math.max(0, promise.daily().minus(promise.anySecond()).toDays())
                + Math.max(0, promise.weekly().minus(promise.anySecond()).toDays() / 7.0)
                + Math.max(0, promise.monthly().minus(promise.anySecond()).toDays() / 30.4);
        return (long) (days * storedPerDay + (inWindow + before) * snapshotBytes);
    }
}
