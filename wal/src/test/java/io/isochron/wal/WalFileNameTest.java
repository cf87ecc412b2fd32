package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class WalFileNameTest {
    private static final int DEFAULT = 16 << 20;

    @Test
    void namesAreThoseOfPostgres() {
        assertThat(WalFileName.holding(1, Lsn.parse("0/1000028"), DEFAULT)).hasToString("000000010000000000000001");
        assertThat(WalFileName.holding(31, Lsn.parse("16/B374D848"), DEFAULT)).hasToString("0000001F00000016000000B3");
        assertThat(WalFileName.holding(1, Lsn.parse("16/B374D848"), 1 << 20)).hasToString("000000010000001600000B37");
        assertThat(WalFileName.holding(1, Lsn.parse("16/B374D848"), 1 << 30)).hasToString("000000010000001600000002");
    }

    @Test
    void aNameReadsBackToItsPositionWhateverTheSegmentSize() {
        Random random = RandomSource.seeded("aNameReadsBack");
        for (int i = 0; i < 2_000; i++) {
            int size = 1 << (20 + random.nextInt(11));
            WalFileName file = WalFileName.holding(random.nextInt(), new Lsn(random.nextLong()), size);
            assertThat(WalFileName.parse(file.name(), size)).hasValue(file);
            assertThat(file.end()).isEqualTo(file.next().start());
        }
    }

    @Test
    void otherFilesOfTheDirectoryAreNotSegments() {
        for (String name : new String[] {
            "00000002.history",
            "000000010000000000000001.partial",
            "000000010000000000000001.00000028.backup",
            "00000001000000000000000g",
            "00000001000000000000000a",
            "000000010000000000000100", // a segment of 16 MiB has at most FF here
            "archive_status",
            ""
        }) {
            assertThat(WalFileName.parse(name, DEFAULT)).as(name).isEmpty();
        }
    }

    @Test
    void impossibleSegmentSizesAndStartsAreRefused() {
        for (int size : new int[] {0, 1 << 19, 3 << 20, -1, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> WalFileName.parse("000000010000000000000001", size))
                    .hasMessage("WAL segment size " + size + " is not a power of two from 1 MiB to 1 GiB");
        }
        assertThatThrownBy(() -> new WalFileName(1, Lsn.parse("0/28"), DEFAULT))
                .hasMessageContaining("0/28 is not the start of a WAL segment");
    }
}
