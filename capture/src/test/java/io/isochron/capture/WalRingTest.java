package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.testkit.Seeds;
import io.isochron.wal.Lsn;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WalRingTest {
    @Test
    void what_goes_in_comes_out_in_order_whatever_the_sizes_are() throws Exception {
        Random random = new Random(Seeds.seed());
        WalRing ring = new WalRing(new byte[1000], new Lsn(123_456_789));
        Lsn put = ring.received();
        Lsn read = put;
        for (int i = 0; i < 20_000; i++) {
            byte[] piece = new byte[random.nextInt(400)];
            for (int j = 0; j < piece.length; j++) {
                piece[j] = content(put.plus(j));
            }
            if (ring.put(put, ByteBuffer.wrap(piece), 0)) {
                put = put.plus(piece.length);
            } else {
                assertThat(put.minus(read) + piece.length).isGreaterThan(1000);
            }
            if (random.nextBoolean()) {
                Lsn to = read.plus(random.nextInt((int) put.minus(read) + 1));
                for (ByteBuffer view : ring.view(read, to)) {
                    while (view.hasRemaining()) {
                        assertThat(view.get()).isEqualTo(content(read));
                        read = read.plus(1);
                    }
                }
                ring.release(read);
            }
        }
    }

    @Test
    void a_hole_is_never_bridged() {
        WalRing ring = new WalRing(new byte[1000], new Lsn(100));
        assertThatThrownBy(() -> ring.put(new Lsn(101), ByteBuffer.allocate(10), 0))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_full_ring_takes_nothing_and_takes_again_after_a_release() throws Exception {
        WalRing ring = new WalRing(new byte[100], new Lsn(0));
        assertThat(ring.put(new Lsn(0), ByteBuffer.allocate(100), 0)).isTrue();
        assertThat(ring.put(new Lsn(100), ByteBuffer.allocate(1), 1_000_000)).isFalse();
        ring.release(new Lsn(1));
        assertThat(ring.put(new Lsn(100), ByteBuffer.allocate(1), 0)).isTrue();
    }

    private static byte content(Lsn at) {
        return (byte) (at.value() * 31 ^ at.value() >> 8);
    }
}
