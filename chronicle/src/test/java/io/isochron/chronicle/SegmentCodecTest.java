package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SegmentCodecTest {
    private static final Segment FULL = full();

    private static Segment full() {
        RelationFile orders = new RelationFile(1663, 5, 16401);
        RelationFile far = new RelationFile(-5, -6, -7);
        Lsn start = Lsn.parse("FFFFFFFE/FFFFFF00");
        return new Segment(
                "shard é",
                7,
                "ab".repeat(32),
                3,
                start,
                start.plus(4000),
                start.plus(3900),
                start.plus(3900),
                12,
                1,
                1_763_800_000_000_000L,
                1_763_800_001_000_000L,
                new SafePoint(start.plus(3900), 1_763_800_000_900_000L, 1_763_800_000_800_000L),
                List.of(new ClockBounds(1_763_800_000_500_000L, -3_600_000_123L, -3_600_000_023L)),
                List.of(new ClockStep(new ClockBounds(5, -7, 9), new ClockBounds(10, 1_000_000, 1_000_001))),
                List.of(
                        new Event(
                                Event.Kind.PREPARE,
                                start.plus(8),
                                start.plus(32),
                                start.plus(80),
                                -2,
                                1_763_800_000_100_000L,
                                "131077_YQ==_Yg==",
                                5,
                                List.of(-1, 3)),
                        new Event(
                                Event.Kind.COMMIT_PREPARED,
                                start.plus(80),
                                start.plus(80),
                                start.plus(160),
                                -2,
                                1_763_800_000_100_001L,
                                "131077_YQ==_Yg==",
                                5,
                                List.of()),
                        new Event(
                                Event.Kind.ABORT_PREPARED,
                                start.plus(160),
                                start.plus(160),
                                start.plus(200),
                                4,
                                1_763_700_000_100_001L,
                                null,
                                0,
                                List.of())),
                List.of(new RowCounts(-2, orders, 1, 2, 3, 4), new RowCounts(3, far, -1, 0, Long.MAX_VALUE, 0)),
                List.of(
                        new StorageChange(StorageChange.Kind.CREATED, 3, far, start.plus(16), 0),
                        new StorageChange(StorageChange.Kind.TRUNCATED, 0, orders, start.plus(160), 77)),
                List.of(new OpenPrepared(9, "131077_YQ==_Yw==", new Lsn(8), new Lsn(64), 55, 5, List.of(10))),
                start.plus(-100_000),
                List.of(new RunningTransactions(start.plus(50), 12, 9)),
                List.of(new RelationObservation(
                        start.plus(1), 5, "shop", 16390, "public", "orders", 'r', orders, 0, true)),
                List.of(new ParameterChange(start.plus(2), 100, 8, 10, 20, 64, 1, true, false)),
                List.of(new TablespaceCreated(start.plus(3), 16999, "/srv/fast")),
                List.of(new RestorePoint(start.plus(4), 1_763_800_000_000_001L, "before release")),
                List.of(new FenceMark(1_763_800_000_000_007L, start.plus(-500), 1_763_800_000_000_008L)),
                List.of(new RecordedGids(-2, List.of("citus_0_11_7_1", "citus_0_11_7_2"))),
                List.of(new RecordedGids(77, List.of("citus_0_12_8_1"))),
                List.of(128, 130),
                new DdlMessages(
                        List.of(
                                new DdlMessage(
                                        7,
                                        start.plus(90),
                                        new DdlText(
                                                "ALTER TABLE",
                                                "alice as owner",
                                                "shop",
                                                List.of("table public.orders", "index public.\"Ö\""),
                                                3,
                                                "ALTER TABLE orders ADD note text -- \ud83d\udc18",
                                                DdlText.Form.WHOLE)),
                                new DdlMessage(
                                        -2,
                                        start.plus(120),
                                        new DdlText("CREATE SERVER", "", "", List.of(), 0, "", DdlText.Form.WITHHELD))),
                        2));
    }

    @Test
    void aSegmentComesBackAsItWas() throws SegmentFormatException {
        assertThat(SegmentCodec.decode(SegmentCodec.encode(FULL))).isEqualTo(FULL);
    }

    @Test
    void theSameSegmentAlwaysHasTheSameBytes() throws SegmentFormatException {
        byte[] bytes = SegmentCodec.encode(FULL);
        assertThat(SegmentCodec.encode(full())).isEqualTo(bytes);
        assertThat(SegmentCodec.encode(SegmentCodec.decode(bytes))).isEqualTo(bytes);
    }

    @Test
    void theBytesOfVersionOneStayAsTheyAre() {
        assertThat(SegmentCodec.sha256(SegmentCodec.encode(FULL)))
                .isEqualTo("483f8b4aeecaba032d3f8a7f234ab11a6c2739751be45848e6a4c298b53cdf03");
    }

    @Test
    void anyFlippedBitIsFound() {
        byte[] bytes = SegmentCodec.encode(FULL);
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            byte[] damaged = bytes.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> SegmentCodec.decode(damaged)).isInstanceOf(SegmentFormatException.class);
        }
    }

    @Test
    void anyMissingEndIsFound() {
        byte[] bytes = SegmentCodec.encode(FULL);
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> SegmentCodec.decode(cut)).isInstanceOf(SegmentFormatException.class);
        }
    }

    @Test
    void randomContentBehindARightChecksumIsRefusedAndNeverHarms() {
        long seed = Long.getLong("isochron.seed", System.nanoTime());
        System.out.println("segment codec: -Disochron.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] bytes = SegmentCodec.encode(FULL);
        for (int i = 0; i < 20_000; i++) {
            byte[] changed = bytes.clone();
            for (int n = random.nextInt(1, 4); n > 0; n--) {
                changed[random.nextInt(8, changed.length - 4)] = (byte) random.nextInt();
            }
            java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
            crc.update(changed, 0, changed.length - 4);
            java.nio.ByteBuffer.wrap(changed)
                    .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                    .putInt(changed.length - 4, (int) crc.getValue());
            try {
                SegmentCodec.decode(changed);
            } catch (SegmentFormatException refused) {
                assertThat(refused).hasMessageContaining("segment");
            }
        }
    }

    @Test
    void aChainRefusesASegmentMadeAfterAnother() throws SegmentFormatException {
        List<Segment> made = new Segments("a").cut(1_000_000).cut(2_000_000).all();
        SegmentChain chain = new SegmentChain();
        chain.next(SegmentCodec.encode(made.get(0)));
        assertThatThrownBy(() -> chain.next(SegmentCodec.encode(made.get(1))))
                .isInstanceOf(SegmentFormatException.class)
                .hasMessageContaining("another segment 0");
    }
}
