package io.isochron.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.testkit.Seeds;
import io.isochron.wal.Lsn;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
    private static final Lsn START = new Lsn(0x1000000);

    @TempDir
    Path directory;

    private Spool open() throws IOException {
        return Spool.open(directory.resolve("spool"), "a", "7000000000000000001");
    }

    /** All bytes from a position on, as a capture that starts would take them. */
    private static byte[] replayed(Spool spool, Lsn from) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        spool.replay((timeline, at, payload) -> {
            assertThat(timeline).isEqualTo(3);
            long skip = from.plus(bytes.size()).minus(at);
            if (skip < payload.remaining() && skip >= 0) {
                byte[] rest = new byte[(int) (payload.remaining() - skip)];
                payload.position((int) skip).get(rest);
                bytes.writeBytes(rest);
            }
        });
        return bytes.toByteArray();
    }

    @Test
    void what_was_synced_comes_back_whole_however_pieces_and_files_fall() throws Exception {
        Random random = new Random(Seeds.seed());
        byte[] all = new byte[40 << 20];
        random.nextBytes(all);
        int at = 0;
        int released = 0;
        try (Spool spool = open()) {
            spool.restart(3, START, ByteBuffer.allocate(0));
            while (at < all.length) {
                int length = Math.min(all.length - at, 1 + random.nextInt(300_000));
                spool.append(3, START.plus(at), ByteBuffer.wrap(all, at, length));
                at += length;
                if (random.nextInt(10) == 0) {
                    spool.sync();
                }
                if (random.nextInt(20) == 0) {
                    released = at - Math.min(at - released, random.nextInt(20 << 20));
                    spool.release(START.plus(released));
                }
            }
            spool.sync();
        }
        try (Spool spool = open()) {
            byte[] back = replayed(spool, START.plus(released));
            assertThat(back).isEqualTo(java.util.Arrays.copyOfRange(all, released, all.length));
        }
        try (Stream<Path> files = Files.list(directory.resolve("spool/a"))) {
            assertThat(files.count()).as("files are used again").isLessThanOrEqualTo(6);
        }
    }

    @Test
    void a_torn_frame_ends_what_comes_back_and_nothing_wrong_is_given_out() throws Exception {
        byte[] first = new byte[5000];
        byte[] second = new byte[7000];
        new Random(1).nextBytes(first);
        new Random(2).nextBytes(second);
        try (Spool spool = open()) {
            spool.restart(3, START, ByteBuffer.wrap(first));
            spool.append(3, START.plus(5000), ByteBuffer.wrap(second));
            spool.sync();
        }
        int flipped = SpoolFile.HEADER_BYTES + SpoolFile.FRAME_BYTES + 5000 + SpoolFile.FRAME_BYTES + 6999;
        try (Stream<Path> files = Files.list(directory.resolve("spool/a"))) {
            List<Path> spools = files.filter(file -> file.toString().endsWith(".spool"))
                    .sorted()
                    .toList();
            try (RandomAccessFile file = new RandomAccessFile(spools.getFirst().toFile(), "rw")) {
                file.seek(flipped);
                int was = file.read();
                file.seek(flipped);
                file.write(was ^ 1);
            }
        }
        try (Spool spool = open()) {
            assertThat(replayed(spool, START)).isEqualTo(first);
        }
    }

    @Test
    void after_a_restart_nothing_of_before_comes_back_although_its_files_are_used_again() throws Exception {
        byte[] old = new byte[2 << 20];
        new Random(3).nextBytes(old);
        byte[] fresh = {1, 2, 3};
        try (Spool spool = open()) {
            spool.restart(3, START, ByteBuffer.wrap(old));
        }
        try (Spool spool = open()) {
            spool.restart(3, START.plus(old.length), ByteBuffer.wrap(fresh));
            spool.restart(3, START.plus(old.length), ByteBuffer.wrap(fresh));
        }
        try (Spool spool = open()) {
            assertThat(replayed(spool, START.plus(old.length))).isEqualTo(fresh);
        }
    }

    @Test
    void a_spool_has_one_capture_and_another_shards_wal_is_not_taken() throws Exception {
        try (Spool spool = open()) {
            assertThatThrownBy(this::open)
                    .isInstanceOf(CaptureException.class)
                    .hasMessageContaining("in use by another capture");
            spool.restart(3, START, ByteBuffer.wrap(new byte[100]));
        }
        try (Spool other = Spool.open(directory.resolve("spool"), "a", "42")) {
            other.replay((timeline, at, payload) -> {
                throw new AssertionError("wal of another system");
            });
        }
    }
}
