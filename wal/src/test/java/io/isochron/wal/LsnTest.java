package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LsnTest {
    @Test
    void textIsThatOfPostgresAndReadsBack() {
        assertThat(Lsn.parse("16/B374D848")).hasToString("16/B374D848").isEqualTo(new Lsn(0x16B374D848L));
        assertThat(Lsn.parse("0/0")).isEqualTo(Lsn.INVALID).hasToString("0/0");
        assertThat(Lsn.parse("ffffffff/ffffffff")).hasToString("FFFFFFFF/FFFFFFFF");
        Random random = RandomSource.seeded("textIsThatOfPostgresAndReadsBack");
        for (int i = 0; i < 1_000; i++) {
            Lsn lsn = new Lsn(random.nextLong());
            assertThat(Lsn.parse(lsn.toString())).isEqualTo(lsn);
        }
    }

    @Test
    void whatIsNotAnLsnIsRefusedByName() {
        for (String wrong : new String[] {
            "", "/", "1/", "/1", "1", "1/2/3", "123456789/0", "0/123456789", "g/1", "-1/1", "+1/1", "0/-1", " 1/1"
        }) {
            assertThatThrownBy(() -> Lsn.parse(wrong))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("'" + wrong + "' is not an LSN, expected a form like 16/B374D848");
        }
    }

    @Test
    void positionsAreOrderedWithoutSign() {
        Lsn low = new Lsn(1);
        Lsn high = new Lsn(-1);
        assertThat(low.isBefore(high)).isTrue();
        assertThat(high.isAfter(low)).isTrue();
        assertThat(Lsn.min(low, high)).isEqualTo(low);
        assertThat(Lsn.max(low, high)).isEqualTo(high);
        assertThat(low.plus(7).minus(low)).isEqualTo(7);
    }
}
