package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.wal.SyntheticWal.Written;
import io.isochron.wal.WalReader.StartMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WalFuzzTest {
    private static final Lsn SEGMENT = new Lsn(7L << 20);

    @Test
    void whateverBitsFlipOnlyTrueRecordsComeOutAndNothingButDamageIsThrown() {
        Random random = RandomSource.seeded("whateverBitsFlip");
        int damaged = 0;
        for (int round = 0; round < 1_500; round++) {
            WalFormat format = WalFormat.of(14 + random.nextInt(5));
            SyntheticWal wal = WalReaderTest.varied(format, SEGMENT, random, 1 + random.nextInt(60));
            byte[] bytes = wal.bytes();
            int usedBytes = Math.min(bytes.length, 60_000);
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                bytes[random.nextInt(usedBytes)] ^= (byte) (1 << random.nextInt(8));
            }
            List<Written> found = new ArrayList<>();
            WalReader reader = Feeding.reader(format, SEGMENT, StartMode.RECORD_BOUNDARY);
            boolean whole = feed(reader, format, bytes, random, found);
            assertThat(found).isEqualTo(wal.records().subList(0, found.size()));
            if (!whole) {
                damaged++;
            } else if (found.size() < wal.records().size()) { // a length grew: it waits for bytes that never come
                assertThat(reader.pendingStart())
                        .isEqualTo(wal.records().get(found.size()).start());
            }
        }
        assertThat(damaged).isGreaterThan(500);
    }

    @Test
    void aLogCutOffAnywhereGivesTheRecordsThatAreWholeAndSaysWhereToGoOn() {
        Random random = RandomSource.seeded("aLogCutOffAnywhere");
        for (int round = 0; round < 300; round++) {
            WalFormat format = WalFormat.of(14 + random.nextInt(5));
            SyntheticWal wal = WalReaderTest.varied(format, SEGMENT, random, 1 + random.nextInt(60));
            byte[] bytes = wal.bytes();
            byte[] cut = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            List<Written> found = new ArrayList<>();
            assertThat(feed(format, cut, random, found)).isTrue();
            assertThat(found).isEqualTo(wal.records().subList(0, found.size()));
            if (found.size() < wal.records().size()) {
                Written next = wal.records().get(found.size());
                long padding = -next.length() & 7; // to the next record; page headers need none
                assertThat(next.end().plus(-padding)).isGreaterThan(SEGMENT.plus(cut.length));
            }
        }
    }

    @Test
    void noiseIsDamage() {
        Random random = RandomSource.seeded("noiseIsDamage");
        for (int round = 0; round < 2_000; round++) {
            WalFormat format = WalFormat.of(14 + random.nextInt(5));
            SyntheticWal wal = new SyntheticWal(format, SEGMENT);
            wal.recordOfLength(40, 5, (byte) 1);
            byte[] noise = new byte[random.nextInt(30_000)];
            random.nextBytes(noise);
            int kept = random.nextBoolean() ? 40 : wal.bytes().length;
            System.arraycopy(wal.bytes(), 0, noise, 0, Math.min(kept, noise.length));
            if (noise.length > kept + 4 && random.nextBoolean()) { // a plausible length
                ByteBuffer.wrap(noise)
                        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                        .putInt(kept, 24 + random.nextInt(20_000));
            }
            List<Written> found = new ArrayList<>();
            feed(format, noise, random, found);
            assertThat(found).isEqualTo(wal.records().subList(0, found.size()));
        }
    }

    @Test
    void recordsWithARightChecksumAndAnyContentAreReadOrAreDamage() {
        Random random = RandomSource.seeded("recordsWithARightChecksumAndAnyContent");
        int read = 0;
        for (int round = 0; round < 60_000; round++) {
            WalFormat format = WalFormat.of(14 + random.nextInt(5));
            SyntheticWal wal = new SyntheticWal(format, SEGMENT);
            byte[] content = new byte[random.nextInt(random.nextBoolean() ? 40 : 300)];
            random.nextBytes(content);
            for (int i = 0; i < content.length; i++) { // small numbers lead further in
                content[i] = random.nextInt(3) > 0 ? (byte) random.nextInt(4) : content[i];
            }
            int rmgr = random.nextInt(12);
            int info = random.nextInt(16) << 4;
            if (random.nextBoolean()) {
                wal.record(rmgr, info, 7, content);
            } else {
                wal.recordWithBody(rmgr, info, 7, content);
            }
            List<Written> found = new ArrayList<>();
            if (feed(format, wal.bytes(), random, found)) {
                read++;
            }
        }
        assertThat(read).isGreaterThan(1_000);
    }

    /** Returns whether no damage was found. Any other exception ends the test. */
    private static boolean feed(WalFormat format, byte[] bytes, Random random, List<Written> found) {
        return feed(Feeding.reader(format, SEGMENT, StartMode.RECORD_BOUNDARY), format, bytes, random, found);
    }

    private static boolean feed(WalReader reader, WalFormat format, byte[] bytes, Random random, List<Written> found) {
        int maxPiece = 1 << (4 + random.nextInt(14));
        try {
            Feeding.inPieces(reader, SEGMENT, bytes, maxPiece, random, record -> {
                found.add(Written.of(record));
                TransactionEvents.decode(format, record);
                RelationChanges.decode(format, record, change -> {});
                record.mainData();
                record.blocks().forEach(block -> {
                    block.image();
                    block.data();
                    block.relation();
                });
            });
            return true;
        } catch (WalDamagedException e) {
            assertThat(e).hasMessageContaining("damaged WAL at ").hasMessageContaining("\nhint: ");
            return false;
        }
    }
}
