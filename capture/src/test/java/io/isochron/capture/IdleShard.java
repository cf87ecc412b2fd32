package io.isochron.capture;

import io.isochron.chronicle.ClockBounds;
import io.isochron.store.Repository;
import io.isochron.wal.Lsn;
import io.isochron.wal.WalFormat;
import io.isochron.wire.WalMessage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A server that writes no WAL, and the real capture of it, on a clock that a test turns. The server does what a walsender does (src/backend/replication/walsender.c): it answers a status that asks for
 * it at once with its clock and what it has sent, asks for a status after half of {@code wal_sender_timeout} without one, and leaves after all of it; it tells its flush position when it is asked.
 */
final class IdleShard implements WalLine, FlushQuestion.Server, Executor {
    private static final int RING_BYTES = 1 << 20;
    private static final long WAL_SENDER_TIMEOUT_MICROS = 60_000_000;
    private static final Lsn END = new Lsn(0x3000000);

    private record Answer(long arrivesMicros, WalMessage message) {}

    private record Question(long answeredMicros, Runnable task) {}

    private final SimulatedHost host;
    private final Random random;
    private final double drift;
    private final long offsetMicros;
    private final long bornMicros;
    private final ArrayDeque<Answer> answers = new ArrayDeque<>();
    private final ArrayDeque<Question> questions = new ArrayDeque<>();
    private final ShardClock clock = new ShardClock();
    private final WalReceiver receiver;
    private final ArchiveWriter writer;
    final ShardMonitor monitor;
    final LedgerKeeper ledger;
    private long lastStatusMicros;
    private boolean asked;
    private long stoppedMicros = -1;

    /**
     * @param offsetMicros how far its clock is ahead of the host's at the beginning
     * @param driftPpm how much faster it goes
     */
    IdleShard(
            String name,
            SimulatedHost host,
            Repository repository,
            CaptureOptions options,
            Random random,
            long offsetMicros,
            double driftPpm) {
        this.host = host;
        this.random = random;
        this.offsetMicros = offsetMicros;
        this.drift = driftPpm / 1e6;
        this.bornMicros = host.micros();
        this.lastStatusMicros = host.micros();
        monitor = new ShardMonitor(name);
        StoredPosition position = StoredPosition.first(name, WalFormat.of(17), 16 << 20, 1, END, List.of());
        WalRing ring = new WalRing(new byte[RING_BYTES], END);
        PendingSafePoints safePoints = new PendingSafePoints();
        writer = new ArchiveWriter(
                name,
                position,
                ring,
                new DurableArchive(repository, name, monitor, Duration.ofSeconds(1)),
                clock,
                safePoints,
                ArchiveWriter.Catalog.NONE,
                null,
                monitor,
                options.objectAge(),
                options.idleInterval(),
                options.objectBytes(RING_BYTES),
                host);
        receiver = new WalReceiver(
                this,
                ring,
                clock,
                safePoints,
                new FlushQuestion(this, this),
                false,
                monitor,
                writer::durable,
                () -> false,
                options.probeInterval(),
                null,
                host);
        ledger = new LedgerKeeper(repository, name, monitor, Duration.ofSeconds(1));
        monitor.position(1, END, 0);
        monitor.streaming();
    }

    /** What both threads of the capture and the server do at this moment. */
    void step() throws Exception {
        long now = host.micros();
        if (stoppedMicros < 0) {
            if (now - lastStatusMicros > WAL_SENDER_TIMEOUT_MICROS) {
                throw new AssertionError("the receiver said nothing for " + (now - lastStatusMicros) / 1_000_000
                        + " s, the server leaves");
            }
            if (now - lastStatusMicros > WAL_SENDER_TIMEOUT_MICROS / 2 && !asked) {
                asked = true;
                answer(true);
            }
            while (!questions.isEmpty() && questions.getFirst().answeredMicros <= now) {
                questions.removeFirst().task.run();
            }
        }
        receiver.step();
        writer.step();
    }

    /** When something arrives next; the greatest number if nothing is on its way. */
    long nextMicros() {
        long next = answers.isEmpty() ? Long.MAX_VALUE : answers.getFirst().arrivesMicros;
        return questions.isEmpty() ? next : Math.min(next, questions.getFirst().answeredMicros);
    }

    /** As SIGSTOP does: nothing is answered any more, and the connection stands. */
    void stop() {
        stoppedMicros = host.micros();
        answers.clear();
    }

    /** What was asked meanwhile is answered now. */
    void goOn() {
        stoppedMicros = -1;
        lastStatusMicros = host.micros();
        answer(false);
    }

    /** What its clock says at a moment of the host's. */
    long clockMicros(long hostMicros) {
        return hostMicros + offsetMicros + Math.round((hostMicros - bornMicros) * drift);
    }

    ClockBounds boundsNow() {
        return clock.bounds().orElseThrow().at(host.micros());
    }

    private void answer(boolean replyRequested) {
        long there = host.micros() + 100 + random.nextInt(random.nextInt(50) == 0 ? 300_000 : 3_000);
        long back = there + 100 + random.nextInt(random.nextInt(50) == 0 ? 300_000 : 3_000);
        long arrives = answers.isEmpty() ? back : Math.max(back, answers.getLast().arrivesMicros);
        answers.addLast(new Answer(arrives, new WalMessage.Keepalive(END, clockMicros(there), replyRequested)));
    }

    @Override
    public @Nullable WalMessage receive(Duration timeout) {
        return answers.isEmpty() || answers.getFirst().arrivesMicros > host.micros()
                ? null
                : answers.removeFirst().message;
    }

    @Override
    public void sendStatus(Lsn written, Lsn flushed, Lsn applied, boolean requestReply) {
        if (stoppedMicros < 0) {
            lastStatusMicros = host.micros();
            asked = false;
            if (requestReply) {
                answer(false);
            }
        }
    }

    @Override
    public Lsn flushed() throws IOException {
        return END;
    }

    @Override
    public void execute(Runnable question) {
        questions.addLast(new Question(host.micros() + 200 + random.nextInt(5_000), question));
    }
}
