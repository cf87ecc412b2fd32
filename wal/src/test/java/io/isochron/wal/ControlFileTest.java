package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Right content is held against real servers in {@link RealWal}. */
class ControlFileTest {
    @Test
    void anyFlippedBitOfTheStructIsFound() {
        byte[] sound = control(1300, 202107181, 288);
        assertThat(ControlFile.parse(sound).majorVersion()).hasValue(14);
        for (int bit = 0; bit < 292 * 8; bit++) {
            byte[] flipped = sound.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> ControlFile.parse(flipped)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void otherVersionsAndTornFilesAreRefusedByName() {
        assertThatThrownBy(() -> ControlFile.parse(control(1201, 201909212, 288)))
                .hasMessageContaining("pg_control version 1201 is not supported\nhint: 1300, 1700 and 1800");
        assertThatThrownBy(() -> ControlFile.parse(new byte[100]))
                .hasMessageContaining("pg_control has 100 bytes, expected 8192");
    }

    @Test
    void catalogsOfNoReleaseHaveNoMajorVersion() {
        assertThat(ControlFile.parse(control(1800, 202501010, 292)).majorVersion())
                .isEmpty();
    }

    private static byte[] control(int version, int catalog, int crcAt) {
        ByteBuffer file = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(0, 42).putInt(8, version).putInt(12, catalog).putInt(16, 6);
        CRC32C crc = new CRC32C();
        crc.update(file.array(), 0, crcAt);
        file.putInt(crcAt, (int) crc.getValue());
        return file.array();
    }
}
