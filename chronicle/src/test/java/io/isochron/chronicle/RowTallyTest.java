package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.wal.RelationFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RowTallyTest {
    private record Key(int xid, RelationFile relation) {}

    private static final Comparator<RowCounts> ORDER = Comparator.<RowCounts>comparingLong(
                    rows -> Integer.toUnsignedLong(rows.xid()))
            .thenComparing(rows -> Integer.toUnsignedLong(rows.relation().databaseOid()))
            .thenComparing(rows -> Integer.toUnsignedLong(rows.relation().fileNumber()))
            .thenComparing(rows -> Integer.toUnsignedLong(rows.relation().tablespaceOid()));

    @Test
    void sumsAreThoseOfAPlainMapInTheFormatsOrderSegmentAfterSegment() {
        Random random = new Random(7);
        RowTally tally = new RowTally();
        for (int segment = 0; segment < 30; segment++) {
            // small and large segments in turn, few and many storages, ids around the wrap and around the sign
            int records = 1 << random.nextInt(17);
            int storages = 1 << random.nextInt(segment % 3 == 0 ? 12 : 3);
            int firstXid = List.of(3, -2000, Integer.MAX_VALUE - 500).get(segment % 3);
            Map<Key, RowCounts> expected = new HashMap<>();
            for (int i = 0; i < records; i++) {
                int xid = random.nextInt(50) == 0 ? 0 : firstXid + i / 5 - random.nextInt(8);
                int number = random.nextInt(storages);
                RelationFile relation = new RelationFile(
                        1663 + random.nextInt(2), number % 3 == 0 ? -5 : 5, number % 5 == 0 ? -16384 - number : number);
                int rows = 1 + random.nextInt(100);
                RowCounts more = switch (random.nextInt(4)) {
                    case 0 -> {
                        tally.inserted(xid, relation, rows);
                        yield new RowCounts(xid, relation, rows, 0, 0, 0);
                    }
                    case 1 -> {
                        tally.updated(xid, relation);
                        yield new RowCounts(xid, relation, 0, 1, 0, 0);
                    }
                    case 2 -> {
                        tally.deleted(xid, relation);
                        yield new RowCounts(xid, relation, 0, 0, 1, 0);
                    }
                    default -> {
                        tally.pagesWritten(xid, relation, rows);
                        yield new RowCounts(xid, relation, 0, 0, 0, rows);
                    }
                };
                expected.merge(new Key(xid, relation), more, RowTallyTest::sum);
            }
            List<RowCounts> sorted = new ArrayList<>(expected.values());
            sorted.sort(ORDER);
            assertThat(tally.take()).as("segment %d", segment).isEqualTo(sorted);
        }
        assertThat(tally.take()).isEmpty();
    }

    private static RowCounts sum(RowCounts a, RowCounts b) {
        return new RowCounts(
                a.xid(),
                a.relation(),
                a.inserted() + b.inserted(),
                a.updated() + b.updated(),
                a.deleted() + b.deleted(),
                a.pagesWritten() + b.pagesWritten());
    }
}
