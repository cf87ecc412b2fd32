package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A minute that is gone on with from one of its parts; the history is random, and the seed is printed when it fails. */
class LedgerPartTest {
    private static final long SEED = Long.getLong("isochron.seed", System.nanoTime());
    private static final long SECOND = 1_000_000;
    private static final RelationFile ORDERS = new RelationFile(1663, 5, 16_401);
    private static final RelationFile UNNAMED = new RelationFile(1663, 5, 16_500);

    /** A busy shard: some thousand transactions a minute, some that span segments, a table that goes, one that is renamed, a gap. */
    private static List<Segment> busy(int seconds) {
        SplittableRandom random = new SplittableRandom(SEED);
        Segments made = new Segments("a");
        made.observed(new RelationObservation(new Lsn(1), 5, "shop", 16_390, "public", "orders", 'r', ORDERS, 0, true));
        int xid = 100;
        for (int second = 0; second < seconds; second++) {
            long micros = second * SECOND;
            for (int i = 0; i < 150; i++) {
                int most = random.nextInt(40) == 0 ? 400 : 3;
                RelationFile file = random.nextInt(3) == 0 ? UNNAMED : ORDERS;
                made.rows(new RowCounts(
                        xid, file, random.nextInt(most + 1), random.nextInt(most), random.nextInt(most), 1));
                if (random.nextInt(50) == 0) {
                    xid++;
                    continue;
                }
                made.event(random.nextInt(20) == 0 ? Event.Kind.ABORT : Event.Kind.COMMIT, xid++, micros + i, null);
            }
            if (second % 23 == 7) {
                made.rows(new RowCounts(7, ORDERS, 0, 0, 30, 0));
            }
            if (second % 23 == 19) {
                made.event(Event.Kind.COMMIT, 7, micros + 200, null);
            }
            if (second == 44) {
                made.storage(StorageChange.Kind.DROPPED, xid, UNNAMED)
                        .event(Event.Kind.COMMIT, xid++, micros + 300, null);
                made.observed(new RelationObservation(
                        made.position(), 5, "shop", 16_390, "public", "orders_old", 'r', ORDERS, 0, true));
            }
            made.cut(micros + SECOND - 1);
        }
        return made.all();
    }

    private static String hash(Segment segment) {
        return SegmentCodec.sha256(SegmentCodec.encode(segment));
    }

    private record Stands(LedgerPart part, List<LedgerEntry> minutes) {}

    @Test
    void whoGoesOnFromAnyPartOfAMinuteMakesTheSameEntriesAsWhoReadsAllItsSegments() throws Exception {
        List<Segment> segments = busy(150);
        LedgerBuilder builder = LedgerBuilder.first("a");
        List<LedgerEntry> whole = new ArrayList<>();
        List<Stands> parts = new ArrayList<>();
        for (Segment segment : segments) {
            builder.add(segment, hash(segment)).ifPresent(whole::add);
            builder.part().ifPresent(part -> parts.add(new Stands(part, List.copyOf(whole))));
        }
        whole.add(builder.unfinished().orElseThrow());

        assertThat(parts)
                .extracting(stands -> stands.part().sixth())
                .containsExactly(1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2);
        for (Stands stands : parts) {
            LedgerEntry part =
                    LedgerCodec.decode(LedgerCodec.encode(stands.part().entry()));
            LedgerBuilder again = after(stands.minutes()).within(part);
            List<LedgerEntry> made = new ArrayList<>();
            for (Segment segment : segments.subList((int) part.cover().lastSequence() + 1, segments.size())) {
                again.add(segment, hash(segment)).ifPresent(made::add);
            }
            again.unfinished().ifPresent(made::add);
            assertThat(made)
                    .as("-Disochron.seed=" + SEED)
                    .isEqualTo(whole.subList(stands.minutes().size(), whole.size()));
        }
    }

    @Test
    void aPartWithNothingAfterItIsTheUnfinishedMinute() {
        LedgerBuilder builder = LedgerBuilder.first("a");
        Optional<LedgerPart> part = Optional.empty();
        Optional<LedgerEntry> unfinished = Optional.empty();
        for (Segment segment : busy(30)) {
            builder.add(segment, hash(segment));
            Optional<LedgerPart> now = builder.part();
            part = now.isPresent() ? now : part;
            unfinished = now.isPresent() ? builder.unfinished() : unfinished;
        }

        assertThat(part.orElseThrow().entry().carried()).isNotEmpty();
        assertThat(LedgerBuilder.first("a").within(part.orElseThrow().entry()).unfinished())
                .isEqualTo(unfinished);
    }

    @Test
    void anIdleShardHasNoParts() {
        LedgerBuilder builder = LedgerBuilder.first("a");
        Segments made = new Segments("a");
        for (int second = 0; second < 60; second++) {
            made.event(Event.Kind.COMMIT, 10 + second, second * SECOND, null).cut((second + 1) * SECOND - 1);
        }
        for (Segment segment : made.all()) {
            builder.add(segment, hash(segment));
            assertThat(builder.part()).isEmpty();
        }
    }

    @Test
    void aPartOfAnotherMinuteOrAfterAnotherEntryIsRefused() {
        List<Segment> segments = busy(80);
        LedgerBuilder builder = LedgerBuilder.first("a");
        List<LedgerEntry> minutes = new ArrayList<>();
        LedgerEntry later = null;
        for (Segment segment : segments) {
            builder.add(segment, hash(segment)).ifPresent(minutes::add);
            later = builder.part().map(LedgerPart::entry).orElse(later);
        }
        LedgerEntry part = java.util.Objects.requireNonNull(later);
        assertThat(part.number()).isEqualTo(1);

        assertThatThrownBy(() -> LedgerBuilder.first("a").within(part)).isInstanceOf(IllegalArgumentException.class);
        LedgerEntry other = minutes.getFirst().with(List.of(), List.of(), List.of());
        assertThatThrownBy(() -> after(List.of(other)).within(part)).isInstanceOf(IllegalArgumentException.class);
    }

    private static LedgerBuilder after(List<LedgerEntry> minutes) {
        if (minutes.isEmpty()) {
            return LedgerBuilder.first("a");
        }
        LedgerEntry last = minutes.getLast();
        return LedgerBuilder.after(last, LedgerCodec.encode(last), minutes);
    }
}
