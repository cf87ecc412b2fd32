package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.wal.WalReader.StartMode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WalAfterCrashTest {
    private static final int ATTEMPTS = 15;

    @Test
    void aRecordThatAKilledServerLeftUnfinishedIsReplacedAndTheLogGoesOn() throws Exception {
        Random random = RandomSource.seeded("aRecordThatAKilledServerLeftUnfinished");
        try (WalServer server = new WalServer(17, Map.of("wal_buffers", "64kB", "wal_level", "replica"))) {
            List<String> kinds = new ArrayList<>();
            for (int attempt = 0; attempt < ATTEMPTS && !kinds.contains("0 D0"); attempt++) {
                Lsn first = WalFileName.holding(1, server.flushed(), WalServer.SEGMENT_BYTES)
                        .start();
                killWhileItWritesALongRecord(server, random);
                server.execute("select pg_logical_emit_message(true, 'after', 'the crash')");
                kinds.clear();
                List<String> starts = new ArrayList<>();
                Lsn last = server.flushed();
                WalReader reader = new WalReader(server.format(), WalServer.SEGMENT_BYTES, first, StartMode.UNKNOWN);
                Feeding.inPieces(reader, first, server.read(first, last), 500_000, random, record -> {
                    kinds.add(record.rmgr() + " "
                            + Integer.toHexString(record.info() & 0xF0).toUpperCase(java.util.Locale.ROOT));
                    starts.add(record.start().toString());
                });
                assertThat(starts)
                        .isEqualTo(WalInspect.records(server, first, reader.recordEnd()).stream()
                                .map(OracleRecord::start)
                                .toList());
            }
            assertThat(kinds).contains("0 D0");
        }
    }

    private static void killWhileItWritesALongRecord(WalServer server, Random random) throws Exception {
        CountDownLatch writing = new CountDownLatch(1);
        Thread session = Thread.ofVirtual().start(() -> {
            try (Connection connection = server.connect("postgres");
                    Statement sql = connection.createStatement()) {
                while (true) {
                    sql.execute("select pg_logical_emit_message(false, 'long', repeat('x', 8000000))");
                    writing.countDown();
                }
            } catch (SQLException killed) {
                assertThat(killed.getSQLState()).isIn("08006", "08001", "57P01", "57P02", "57P03", "08000");
            }
        });
        // a slow machine takes longer to connect than the whole pause is
        assertThat(writing.await(120, TimeUnit.SECONDS)).isTrue();
        Thread.sleep(random.nextInt(150));
        server.kill();
        session.join();
        server.start();
    }
}
