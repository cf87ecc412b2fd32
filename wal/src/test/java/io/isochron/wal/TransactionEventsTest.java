package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.wal.TransactionEvent.Abort;
import io.isochron.wal.TransactionEvent.Commit;
import io.isochron.wal.TransactionEvent.Origin;
import io.isochron.wal.TransactionEvent.Prepare;
import io.isochron.wal.WalReader.StartMode;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionEventsTest {
    private static final Lsn SEGMENT = new Lsn(9L << 20);
    private static final long POSTGRES_MICROS = 845_000_000_123_456L;
    private static final long UNIX_MICROS =
            ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse("2000-01-01T00:00:00Z")) + POSTGRES_MICROS;
    private static final RelationFile FILE = new RelationFile(1663, 5, 16_400);
    private static final int EVERY_PART = 0x1FF;

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16, 17, 18})
    void aCommitOfAPreparedTransactionWithEveryPartIsReadInEveryVersion(int major) throws Exception {
        Body body = new Body().i64(POSTGRES_MICROS);
        body.i32(major == 14 ? EVERY_PART & ~0x100 : EVERY_PART);
        body.i32(5, 1663).i32(2, 801, -2).i32(1, 1663, 5, 16_400);
        if (major >= 15) {
            body.i32(2).fill(2 * (major >= 18 ? 16 : 12));
        }
        body.i32(1).fill(16).i32(800).text("1_Zw==_Yg==").i64(0x1_0000_0020L, POSTGRES_MICROS - 7);

        assertThat(decode(major, 0x30 | 0x80, 0, body))
                .isEqualTo(new Commit(
                        800,
                        UNIX_MICROS,
                        List.of(801, -2),
                        List.of(FILE),
                        5,
                        "1_Zw==_Yg==",
                        true,
                        new Origin(Lsn.parse("1/20"), UNIX_MICROS - 7)));
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16, 17, 18})
    void anAbortCarriesNoInvalidationsEvenWhereACommitWould(int major) throws Exception {
        Body body = new Body().i64(POSTGRES_MICROS).i32(0x01 | 0x04 | 0x10 | 0x80);
        body.i32(5, 1663).i32(1, 1663, 5, 16_400).i32(800).text("gid");
        assertThat(decode(major, 0x40 | 0x80, 0, body))
                .isEqualTo(new Abort(800, UNIX_MICROS, List.of(), List.of(FILE), 5, "gid", true, null));
    }

    @Test
    void aPlainCommitIsItsTimeAlone() throws Exception {
        assertThat(decode(17, 0x00, 4_000_000_000L, new Body().i64(POSTGRES_MICROS)))
                .isEqualTo(new Commit((int) 4_000_000_000L, UNIX_MICROS, List.of(), List.of(), 0, null, false, null));
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16, 17, 18})
    void aPrepareIsReadInEveryVersion(int major) throws Exception {
        assertThat(decode(major, 0x10, 800, prepare(major, 0x57F94534, "1096044365_Z3RyaWQ=_YnF1YWw=")))
                .isEqualTo(new Prepare(
                        800,
                        UNIX_MICROS,
                        "1096044365_Z3RyaWQ=_YnF1YWw=",
                        5,
                        List.of(801, 802, 803),
                        List.of(FILE),
                        List.of(FILE, new RelationFile(1, 2, 3))));
    }

    @Test
    void aPrepareOfAnUnknownFormIsDamage() {
        assertThatThrownBy(() -> decode(17, 0x10, 800, prepare(17, 0x12345678, "gid")))
                .isInstanceOf(WalDamagedException.class)
                .hasMessageContaining("two-phase state has magic 0x12345678");
    }

    @Test
    void countsBeyondTheRecordAreDamageWithThePositionOfTheRecord() {
        for (int count : new int[] {3, -1, Integer.MAX_VALUE}) {
            Body body = new Body().i64(POSTGRES_MICROS).i32(0x02).i32(count, 801, 802);
            assertThatThrownBy(() -> decode(17, 0x80, 800, body))
                    .isInstanceOfSatisfying(
                            WalDamagedException.class, e -> assertThat(e.at()).isEqualTo(SEGMENT.plus(40)))
                    .hasMessageContaining("main data says that " + count + " items of 4 bytes follow, 8 bytes do");
        }
    }

    @Test
    void theEndOfAPreparedTransactionThatDoesNotNameItIsDamage() {
        assertThatThrownBy(() -> decode(17, 0x30, 0, new Body().i64(POSTGRES_MICROS)))
                .isInstanceOf(WalDamagedException.class)
                .hasMessageContaining("does not name the transaction");
    }

    @Test
    void aGidThatIsNotUtf8StaysDifferentFromOthers() throws Exception {
        Body one = new Body().i64(POSTGRES_MICROS).i32(0x90, 800).i8(0xE9, 0);
        Body other = new Body().i64(POSTGRES_MICROS).i32(0x90, 800).i8(0xE8, 0);
        assertThat(((Commit) decode(17, 0xB0, 0, one)).gid()).isEqualTo("é");
        assertThat(((Commit) decode(17, 0xB0, 0, other)).gid()).isEqualTo("è");
    }

    private static Body prepare(int major, int magic, String gid) {
        Body body =
                new Body().i32(magic, 0, 800, 5).i64(POSTGRES_MICROS).i32(10).i32(3, 1, 2);
        if (major >= 15) {
            body.i32(1, 0);
        }
        body.i32(0).i8(0, 0).i16(gid.length() + 1).i64(0, 0).align();
        body.text(gid).align().i32(801, 802, 803).align().i32(1663, 5, 16_400).align();
        return body.i32(1663, 5, 16_400, 1, 2, 3).align().fill(16);
    }

    static TransactionEvent decode(int major, int info, long xid, Body body) throws Exception {
        WalFormat format = WalFormat.of(major);
        SyntheticWal wal = new SyntheticWal(format, SEGMENT);
        wal.record(1, info, (int) xid, body.bytes());
        List<TransactionEvent> events = new ArrayList<>();
        Feeding.reader(format, SEGMENT, StartMode.RECORD_BOUNDARY)
                .feed(
                        SEGMENT,
                        ByteBuffer.wrap(wal.bytes()),
                        record -> TransactionEvents.decode(format, record).ifPresent(events::add));
        assertThat(events).hasSize(1);
        return events.getFirst();
    }
}
