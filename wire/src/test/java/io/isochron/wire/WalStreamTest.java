package io.isochron.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(ints = {17, 18})
final class WalStreamTest {
    private static final Duration LONG = Duration.ofSeconds(120);

    private static TestCluster cluster;

    WalStreamTest(int major) {
        assertThat(cluster.major()).isEqualTo(major);
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) throws IOException {
        cluster = TestCluster.start(1, major);
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        cluster.close();
    }

    private static TestShard shard() {
        return cluster.shard(0);
    }

    private static ReplicationConnection open() throws IOException {
        return ReplicationConnection.open(ConnectionSettings.parse(shard().connectionString(), Map.of()));
    }

    private static Lsn flushed() throws Exception {
        return Lsn.parse(shard().query("select pg_current_wal_flush_lsn()"));
    }

    /** Receives until {@code end} is reached; gives the bytes from {@code start} to wherever the last message ended. */
    private static byte[] receive(WalStream stream, Lsn start, Lsn end) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        WritableByteChannel out = Channels.newChannel(bytes);
        while (start.plus(bytes.size()).isBefore(end)) {
            if (stream.receive(LONG) instanceof WalMessage.WalData data) {
                assertThat(data.start()).isEqualTo(start.plus(bytes.size()));
                out.write(data.payload());
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] fromFiles(Lsn start, int length) throws IOException {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length; ) {
            Lsn at = start.plus(done);
            long offset = at.value() & (DirectoryWalSource.SEGMENT_BYTES - 1);
            var file = DirectoryWalSource.segment(shard().dataDirectory().resolve("pg_wal"), 1, at);
            try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
                in.seek(offset);
                int count = (int) Math.min(length - done, DirectoryWalSource.SEGMENT_BYTES - offset);
                in.readFully(bytes, done, count);
                done += count;
            }
        }
        return bytes;
    }

    @Test
    void streamedBytesEqualTheFilesOfTheServerFromAnyStart() throws Exception {
        try (ReplicationConnection connection = open()) {
            connection.createPhysicalSlot("bytes", true);
            Lsn segmentStart = new Lsn(flushed().value() & -(long) DirectoryWalSource.SEGMENT_BYTES);
            shard().execute("create table if not exists bulk (t text)");
            shard().execute("insert into bulk select repeat('x', 1000) || i from generate_series(1, 25000) i");
            Lsn end = flushed();
            assertThat(end.minus(segmentStart)).isGreaterThan(DirectoryWalSource.SEGMENT_BYTES);
            for (Lsn start : new Lsn[] {segmentStart, segmentStart.plus(12_345), end.plus(-1)}) {
                WalStream stream = connection.startPhysical("bytes", start, 1);
                byte[] received = receive(stream, start, end);
                assertThat(received).isEqualTo(fromFiles(start, received.length));
                stream.finish(LONG);
            }
            connection.dropSlot("bytes");
        }
    }

    @Test
    void theSlotMovesOnlyWhenToldAndOnlyAsFarAsTold() throws Exception {
        try (ReplicationConnection connection = open();
                ReplicationConnection observer = open()) {
            Lsn reserved = connection.createPhysicalSlot("confirm", true).restartLsn();
            shard().execute("create table if not exists confirmed (i int)");
            shard().execute("insert into confirmed select generate_series(1, 1000)");
            Lsn end = flushed();
            WalStream stream = connection.startPhysical("confirm", reserved, 1);
            receive(stream, reserved, end);
            stream.sendStatus(end, Lsn.INVALID, Lsn.INVALID, true);
            awaitKeepalive(stream);
            assertThat(observer.readSlot("confirm").orElseThrow().restartLsn()).isEqualTo(reserved);
            Lsn some = new Lsn((reserved.value() + end.value()) / 2);
            stream.sendStatus(end, some, Lsn.INVALID, true);
            awaitKeepalive(stream);
            assertThat(observer.readSlot("confirm").orElseThrow().restartLsn()).isEqualTo(some);
            stream.finish(LONG);
            assertThat(observer.readSlot("confirm").orElseThrow().restartLsn()).isEqualTo(some);
            connection.dropSlot("confirm");
        }
    }

    private static WalMessage.Keepalive awaitKeepalive(WalStream stream) throws IOException {
        long deadline = System.nanoTime() + LONG.toNanos();
        while (System.nanoTime() - deadline < 0) {
            if (stream.receive(LONG) instanceof WalMessage.Keepalive keepalive) {
                return keepalive;
            }
        }
        throw new AssertionError("no keepalive came");
    }

    @Test
    void aStatusWithReplyRequestBringsTheServersClockAtOnce() throws Exception {
        try (ReplicationConnection connection = open()) {
            WalStream stream = connection.startPhysical(null, flushed(), 1);
            long before = micros();
            stream.sendStatus(Lsn.INVALID, Lsn.INVALID, Lsn.INVALID, true);
            WalMessage.Keepalive keepalive = awaitKeepalive(stream);
            assertThat(keepalive.serverClockMicros()).isBetween(before, micros());
        }
    }

    private static long micros() {
        return java.time.temporal.ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    @Test
    void anotherReceiverCannotUseTheSameSlotAndTheConnectionSurvivesTheRefusal() throws Exception {
        try (ReplicationConnection first = open();
                ReplicationConnection second = open()) {
            Lsn start = first.createPhysicalSlot("taken", true).restartLsn();
            WalStream stream = first.startPhysical("taken", start, 1);
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> second.startPhysical("taken", start, 1))
                    .withMessageContaining("is active for PID")
                    .satisfies(e -> assertThat(e.sqlState()).isEqualTo(PostgresException.OBJECT_IN_USE));
            assertThat(second.identifySystem().timeline()).isEqualTo(1);
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> second.startPhysical("no_such_slot", start, 1))
                    .satisfies(e -> assertThat(e.sqlState()).isEqualTo(PostgresException.UNDEFINED_OBJECT));
            assertThatThrownBy(first::identifySystem).isInstanceOf(IllegalStateException.class);
            stream.finish(LONG);
            first.dropSlot("taken");
        }
    }

    @Test
    void receiveEndsPromptlyByTimeoutInterruptAndClose() throws Exception {
        try (ReplicationConnection connection = open()) {
            WalStream stream = connection.startPhysical(null, flushed(), 1);
            // the server writes WAL by itself at times: the first wait in which none comes is measured
            long before;
            do {
                before = System.nanoTime();
            } while (stream.receive(Duration.ofMillis(100)) != null);
            assertThat(System.nanoTime() - before).isBetween(90_000_000L, 60_000_000_000L);

            assertThat(failureOfReceiveAfter(stream, Thread::interrupt)).isInstanceOf(InterruptedIOException.class);
            stream.sendStatus(Lsn.INVALID, Lsn.INVALID, Lsn.INVALID, true);
            assertThat(awaitKeepalive(stream)).isNotNull(); // an interrupt does no harm to the stream

            assertThat(failureOfReceiveAfter(stream, thread -> stream.close())).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> stream.receive(LONG)).isInstanceOf(IOException.class);
        }
    }

    private static Exception failureOfReceiveAfter(WalStream stream, java.util.function.Consumer<Thread> action)
            throws Exception {
        CompletableFuture<Exception> failure = new CompletableFuture<>();
        Thread receiver = Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    stream.receive(LONG);
                }
            } catch (IOException e) {
                failure.complete(e);
            }
        });
        Thread.sleep(100);
        action.accept(receiver);
        Exception e = failure.get(60, TimeUnit.SECONDS);
        receiver.join();
        return e;
    }

    @Test
    void aStreamThatIsCutGoesOnWhereItWasWithANewConnection() throws Exception {
        Lsn start = flushed();
        shard().execute("create table if not exists cut (t text)");
        byte[] first;
        try (ReplicationConnection connection = open()) {
            WalStream stream = connection.startPhysical(null, start, 1);
            first = receive(stream, start, start.plus(1));
            shard().query("select pg_terminate_backend(pid) from pg_stat_replication");
            assertThatThrownBy(() -> {
                        while (true) {
                            stream.receive(LONG);
                        }
                    })
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1:" + shard().port());
        }
        shard().execute("insert into cut select repeat('y', 100) from generate_series(1, 1000)");
        Lsn end = flushed();
        try (ReplicationConnection connection = open()) {
            Lsn next = start.plus(first.length);
            byte[] second = receive(connection.startPhysical(null, next, 1), next, end);
            assertThat(second).isEqualTo(fromFiles(next, second.length));
        }
        assertThat(first).isEqualTo(fromFiles(start, first.length));
    }

    @Test
    void walThatTheServerDoesNotHaveYetIsRefused() throws Exception {
        try (ReplicationConnection connection = open()) {
            Lsn ahead = flushed().plus(1L << 40);
            assertThatExceptionOfType(PostgresException.class)
                    .isThrownBy(() -> connection.startPhysical(null, ahead, 1).receive(LONG))
                    .withMessageContaining("ahead of the WAL flush position");
        }
    }
}
