package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.wal.Lsn;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where the oldest open transaction began, also when ids come again right after their end. */
class OpenTransactionsTest {
    private static final Lsn END = new Lsn(900);
    private final OpenTransactions open = new OpenTransactions(List.of(), null);

    @BeforeEach
    void nothingOlderIsOpen() {
        open.serverStopped();
    }

    @Test
    void aTransactionIsOpenFromItsFirstRecordOn() {
        open.wrote(5, new Lsn(100));
        open.wrote(5, new Lsn(200));
        open.wrote(6, new Lsn(300));
        open.wrote(5, new Lsn(400));
        assertThat(open.oldestStart(END)).isEqualTo(new Lsn(100));
        open.ended(5, List.of());
        assertThat(open.oldestStart(END)).isEqualTo(new Lsn(300));
    }

    @Test
    void anIdThatWritesAgainAfterItsEndIsOpenAgain() {
        open.wrote(5, new Lsn(100));
        open.ended(5, List.of());
        open.wrote(5, new Lsn(200));
        assertThat(open.oldestStart(END)).isEqualTo(new Lsn(200));
    }

    @Test
    void aSubtransactionThatWritesAgainAfterTheWholesEndIsOpenAgain() {
        open.wrote(5, new Lsn(100));
        open.wrote(6, new Lsn(150));
        open.ended(5, List.of(6));
        open.wrote(6, new Lsn(200));
        assertThat(open.oldestStart(END)).isEqualTo(new Lsn(200));
    }

    @Test
    void anIdThatWritesAgainAfterTheServersStopIsOpenAgain() {
        open.wrote(5, new Lsn(100));
        open.serverStopped();
        open.wrote(5, new Lsn(200));
        assertThat(open.oldestStart(END)).isEqualTo(new Lsn(200));
    }

    @Test
    void anIdThatWritesAgainAfterItWasNotAmongThoseRunningIsOpenAgain() {
        open.wrote(5, new Lsn(100));
        open.running(6, 6);
        assertThat(open.oldestStart(END)).isEqualTo(END);
        open.wrote(5, new Lsn(200));
        assertThat(open.oldestStart(END)).isEqualTo(new Lsn(200));
    }
}
