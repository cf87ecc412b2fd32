package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.wal.SyntheticWal.Written;
import io.isochron.wal.WalReader.StartMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalReaderTest {
    private static final WalFormat FORMAT = WalFormat.of(17);
    private static final Lsn SEGMENT = new Lsn(5L << 20);

    /** Small and large records, over pages and segments, with switches and unfinished records in between. */
    static SyntheticWal varied(WalFormat format, Lsn start, Random random, int records) {
        SyntheticWal wal = new SyntheticWal(format, start);
        for (int i = 0; i < records; i++) {
            int kind = random.nextInt(200);
            if (kind == 0) {
                wal.switchSegment();
            } else if (kind == 1 && wal.leftInPage() > 0) {
                wal.breakOff(null, wal.leftInPage() + random.nextInt(20_000));
            } else if (kind < 6) {
                wal.recordOfLength(26 + random.nextInt(60_000), i + 3, (byte) i);
            } else {
                wal.recordOfLength(26 + random.nextInt(300), i + 3, (byte) i);
            }
        }
        return wal;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 100, 8192, 100_000})
    void recordsComeOutAsTheyWentInWhateverThePieces(int maxPiece) throws Exception {
        Random random = RandomSource.seeded("recordsComeOutAsTheyWentInWhateverThePieces");
        SyntheticWal wal = varied(FORMAT, SEGMENT, random, 2_000);
        WalReader reader = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);

        List<Written> found = Feeding.inPieces(reader, SEGMENT, wal.bytes(), maxPiece, random);

        assertThat(found).isEqualTo(wal.records());
        assertThat(reader.fed()).isEqualTo(wal.end());
        assertThat(reader.recordEnd()).isEqualTo(wal.records().getLast().end());
        assertThat(reader.pendingStart()).isEqualTo(reader.recordEnd());
        assertThat(reader.systemIdentifier()).isEqualTo(SyntheticWal.SYSTEM);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16, 24, 32, 40})
    void aHeaderSplitOverPagesIsPutTogether(int leftInPage) throws Exception {
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        wal.recordOfLength(32, 5, (byte) 1);
        wal.recordOfLength(wal.leftInPage() - leftInPage, 6, (byte) 2);
        assertThat(wal.leftInPage()).isEqualTo(leftInPage);
        wal.recordOfLength(100, 7, (byte) 3);
        wal.recordOfLength(100, 8, (byte) 4);

        WalReader reader = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);
        assertThat(Feeding.whole(reader, SEGMENT, wal.bytes())).isEqualTo(wal.records());
        WalReader bytewise = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);
        assertThat(Feeding.inPieces(bytewise, SEGMENT, wal.bytes(), 1, new Random(1)))
                .isEqualTo(wal.records());
    }

    @Test
    void aRecordThatFillsItsPageEndsAtThePageBoundaryAndTheNextStartsBehindTheHeader() throws Exception {
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        wal.recordOfLength(32, 5, (byte) 1);
        Written filling = wal.recordOfLength(wal.leftInPage(), 6, (byte) 2);
        Written next = wal.recordOfLength(50, 7, (byte) 3);

        WalReader reader = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);
        assertThat(Feeding.whole(reader, SEGMENT, wal.bytes())).isEqualTo(wal.records());
        assertThat(filling.end()).isEqualTo(SEGMENT.plus(8192));
        assertThat(next.start()).isEqualTo(SEGMENT.plus(8192 + 24));
    }

    @Test
    void aSwitchEndsAtTheNextSegmentAndTheRestIsPassedOver() throws Exception {
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        wal.recordOfLength(32, 5, (byte) 1);
        wal.switchSegment();
        Written next = wal.recordOfLength(50, 7, (byte) 3);
        Lsn secondSegment = SEGMENT.plus(SyntheticWal.SEGMENT_BYTES);

        WalReader reader = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);
        byte[] bytes = wal.bytes();
        List<Written> found = Feeding.whole(reader, SEGMENT, Arrays.copyOf(bytes, 8192));
        assertThat(found).hasSize(2);
        assertThat(found.getLast().end()).isEqualTo(secondSegment);
        assertThat(reader.recordEnd()).isEqualTo(secondSegment);
        assertThat(reader.pendingStart()).isEqualTo(secondSegment);
        assertThat(Feeding.whole(reader, reader.fed(), Arrays.copyOfRange(bytes, 8192, bytes.length)))
                .containsExactly(next);
    }

    @Test
    void anUnknownStartAtAnyPageGivesTheRecordsThatBeginFromThereOn() throws Exception {
        Random random = RandomSource.seeded("anUnknownStartAtAnyPage");
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        for (int i = 0; i < 300; i++) {
            wal.recordOfLength(26 + random.nextInt(i % 20 == 0 ? 40_000 : 400), i + 3, (byte) i);
        }
        byte[] bytes = wal.bytes();
        for (int page = 0; page + 8192 <= bytes.length; page += 8192) {
            Lsn start = SEGMENT.plus(page);
            WalReader reader = Feeding.reader(FORMAT, start, StartMode.UNKNOWN);
            assertThat(reader.aligned()).isFalse();
            List<Written> found =
                    Feeding.inPieces(reader, start, Arrays.copyOfRange(bytes, page, bytes.length), 5_000, random);
            assertThat(found)
                    .isEqualTo(wal.records().stream()
                            .filter(r -> !r.start().isBefore(start))
                            .toList());
        }
    }

    @Test
    void anUnknownStartInsideAnUnfinishedRecordFindsTheOneThatReplacesIt() throws Exception {
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        wal.recordOfLength(100, 5, (byte) 1);
        wal.breakOff(null, 20_000);
        wal.recordOfLength(100, 6, (byte) 1);
        Lsn start = SEGMENT.plus(8192);

        WalReader reader = Feeding.reader(FORMAT, start, StartMode.UNKNOWN);
        byte[] bytes = wal.bytes();
        assertThat(Feeding.whole(reader, start, Arrays.copyOfRange(bytes, 8192, bytes.length)))
                .isEqualTo(wal.records().subList(1, 3));
    }

    @Test
    void aRecordThatACrashLeftUnfinishedIsDroppedWhenTheNextPageSaysSo() throws Exception {
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        wal.recordOfLength(100, 5, (byte) 1);
        wal.breakOff(null, 20_000);
        wal.recordOfLength(100, 6, (byte) 1);
        byte[] bytes = wal.bytes();

        WalReader reader = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);
        List<Written> found = new ArrayList<>(Feeding.whole(reader, SEGMENT, Arrays.copyOf(bytes, 8192)));
        assertThat(reader.pendingStart()).isEqualTo(new Lsn(wal.unfinished()));
        found.addAll(Feeding.whole(reader, reader.fed(), Arrays.copyOfRange(bytes, 8192, bytes.length)));
        assertThat(found).isEqualTo(wal.records());
    }

    @Test
    void aReplacementOfAnotherRecordThanTheUnfinishedOneIsDamage() {
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        wal.recordOfLength(100, 5, (byte) 1);
        wal.breakOff(SEGMENT.plus(40), 20_000);

        WalReader reader = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);
        assertThatThrownBy(() -> Feeding.whole(reader, SEGMENT, wal.bytes()))
                .isInstanceOf(WalDamagedException.class)
                .hasMessageContaining("unfinished one at " + new Lsn(wal.unfinished()));
    }

    @Test
    void aReaderRestartedAtThePendingStartGivesTheSameRecords() throws Exception {
        Random random = RandomSource.seeded("aReaderRestartedAtThePendingStart");
        SyntheticWal wal = varied(FORMAT, SEGMENT, random, 1_000);
        byte[] bytes = wal.bytes();
        WalReader reader = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);
        List<Written> found = new ArrayList<>();
        int cursor = 0;
        while (cursor < bytes.length) {
            int size = Math.min(bytes.length - cursor, 1 + random.nextInt(20_000));
            reader.feed(SEGMENT.plus(cursor), ByteBuffer.wrap(bytes, cursor, size), r -> found.add(Written.of(r)));
            cursor += size;
            Lsn restart = reader.pendingStart();
            reader = Feeding.reader(FORMAT, restart, StartMode.RECORD_BOUNDARY);
            cursor = (int) Math.min(restart.minus(SEGMENT), cursor);
            if (cursor + 40_000 > bytes.length || random.nextInt(3) > 0) {
                int all = Math.min(bytes.length - cursor, 130_000);
                reader.feed(SEGMENT.plus(cursor), ByteBuffer.wrap(bytes, cursor, all), r -> found.add(Written.of(r)));
                cursor += all;
                if (cursor < bytes.length) {
                    Lsn again = reader.pendingStart();
                    reader = Feeding.reader(FORMAT, again, StartMode.RECORD_BOUNDARY);
                    cursor = (int) Math.min(again.minus(SEGMENT), cursor);
                }
            }
        }
        assertThat(found).isEqualTo(wal.records());
    }

    @Test
    void bytesThatDoNotFollowAreRefusedAndBytesBeforeTheStartArePassedOver() throws Exception {
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        Written first = wal.recordOfLength(100, 5, (byte) 1);
        Written second = wal.recordOfLength(100, 6, (byte) 1);

        WalReader reader = Feeding.reader(FORMAT, first.end(), StartMode.RECORD_BOUNDARY);
        assertThatThrownBy(() -> reader.feed(first.end().plus(8), ByteBuffer.allocate(8), r -> {}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Feeding.whole(reader, SEGMENT, wal.bytes())).containsExactly(second);
        assertThatThrownBy(() -> reader.feed(SEGMENT, ByteBuffer.allocate(8), r -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("do not follow " + wal.end());
    }

    @Test
    void aPositionWithinAPageHeaderOrOutOfAlignmentIsNoStart() {
        for (long wrong : new long[] {8, 36, 44, 8192 + 16}) {
            assertThatThrownBy(() -> Feeding.reader(FORMAT, SEGMENT.plus(wrong), StartMode.RECORD_BOUNDARY))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Feeding.reader(FORMAT, SEGMENT.plus(40), StartMode.UNKNOWN))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void afterDamageTheReaderRefusesToGoOn() {
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        Written first = wal.recordOfLength(100, 5, (byte) 1);
        byte[] bytes = wal.bytes();
        bytes[80] ^= 1;
        WalReader reader = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(() -> Feeding.whole(reader, SEGMENT, bytes))
                    .isInstanceOfSatisfying(
                            WalDamagedException.class, e -> assertThat(e.at()).isEqualTo(first.start()))
                    .hasMessageStartingWith("damaged WAL at " + first.start() + ": record of 100 bytes has checksum");
        }
    }

    @Test
    void aLengthFieldBeyondTheLimitIsDamageAndOneWithinItCostsNoMemoryBeforeItsBytesArrive() throws Exception {
        SyntheticWal wal = new SyntheticWal(FORMAT, SEGMENT);
        wal.recordOfLength(60_000, 5, (byte) 1);
        WalReader narrow = new WalReader(
                FORMAT, SyntheticWal.SEGMENT_BYTES, SEGMENT, StartMode.RECORD_BOUNDARY, new WalReader.Limits(59_999));
        assertThatThrownBy(() -> Feeding.whole(narrow, SEGMENT, wal.bytes()))
                .isInstanceOf(WalDamagedException.class)
                .hasMessageContaining("record length 60000 is not within 24 and 59999");

        byte[] claims = Arrays.copyOf(wal.bytes(), 8192);
        ByteBuffer.wrap(claims).order(java.nio.ByteOrder.LITTLE_ENDIAN).putInt(40, 1020 * 1024 * 1024);
        List<WalReader> readers = new ArrayList<>();
        for (int i = 0; i < 10; i++) { // ten times 1020 MiB would not fit the heap of the tests
            WalReader reader = Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY);
            assertThat(Feeding.whole(reader, SEGMENT, claims)).isEmpty();
            readers.add(reader);
        }
        assertThat(readers).allMatch(r -> r.pendingStart().equals(SEGMENT.plus(40)));
    }

    @Test
    void pagesOfAnotherVersionSegmentSizeOrPlaceAreDamage() {
        SyntheticWal wal = new SyntheticWal(WalFormat.of(16), SEGMENT);
        wal.recordOfLength(100, 5, (byte) 1);
        assertThatThrownBy(() ->
                        Feeding.whole(Feeding.reader(FORMAT, SEGMENT, StartMode.RECORD_BOUNDARY), SEGMENT, wal.bytes()))
                .hasMessageContaining("page magic is 0xD113, PostgreSQL 17 WAL has 0xD116");
        WalReader otherSize = new WalReader(WalFormat.of(16), 16 << 20, new Lsn(16 << 20), StartMode.RECORD_BOUNDARY);
        SyntheticWal at16 = new SyntheticWal(WalFormat.of(16), new Lsn(16 << 20));
        at16.recordOfLength(100, 5, (byte) 1);
        assertThatThrownBy(() -> Feeding.whole(otherSize, new Lsn(16 << 20), at16.bytes()))
                .hasMessageContaining("segment has 1048576 bytes in pages of 8192, expected 16777216");
        Lsn elsewhere = SEGMENT.plus(SyntheticWal.SEGMENT_BYTES);
        assertThatThrownBy(() -> Feeding.whole(
                        Feeding.reader(WalFormat.of(16), elsewhere, StartMode.RECORD_BOUNDARY), elsewhere, wal.bytes()))
                .hasMessageContaining("page says that it belongs at 0/500000");
    }
}
