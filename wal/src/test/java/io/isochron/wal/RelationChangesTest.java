package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.wal.RelationChange.BackupEnded;
import io.isochron.wal.RelationChange.CustomRecord;
import io.isochron.wal.RelationChange.DatabaseCreated;
import io.isochron.wal.RelationChange.DatabaseDirectory;
import io.isochron.wal.RelationChange.DatabaseDropped;
import io.isochron.wal.RelationChange.FullPageWritesChanged;
import io.isochron.wal.RelationChange.RecoveryEnded;
import io.isochron.wal.RelationChange.RowDeleted;
import io.isochron.wal.RelationChange.RowsInserted;
import io.isochron.wal.RelationChange.StorageDropped;
import io.isochron.wal.RelationChange.TransactionsRunning;
import io.isochron.wal.WalReader.StartMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a usual workload on a real server does not write; the rest is held against real servers in {@link RealWal}. */
class RelationChangesTest {
    private static final Lsn SEGMENT = new Lsn(9L << 20);
    private static final RelationFile TABLE = new RelationFile(1663, 5, 16_400);
    private static final long UNIX_OF_POSTGRES_EPOCH = 946_684_800_000_000L;

    @Test
    void databasesOf14AreAlwaysCopiedAndTheirDropHasTheNumberThatLaterVersionsGiveToLoggedCreation() throws Exception {
        byte[] created = new Body().i32(20_000, 1663, 1, 1663).bytes();
        byte[] dropped = new Body().i32(20_000, 2, 1663, 17_000).bytes();
        assertThat(main(14, 4, 0x00, created))
                .containsExactly(new DatabaseCreated(20_000, 1663, new DatabaseDirectory(1, 1663)));
        assertThat(main(14, 4, 0x10, dropped)).containsExactly(new DatabaseDropped(20_000, List.of(1663, 17_000)));
        assertThat(main(15, 4, 0x20, dropped)).containsExactly(new DatabaseDropped(20_000, List.of(1663, 17_000)));
        assertThat(main(15, 4, 0x10, new Body().i32(20_000, 1663).bytes()))
                .containsExactly(new DatabaseCreated(20_000, 1663, null));
    }

    @Test
    void aWithdrawnSpeculativeInsertionTakesItsRowBack() throws Exception {
        byte[] withdrawn = new Body().i32(700).i16(12).i8(0, 0x08).bytes();
        assertThat(body(17, 10, 0x10, Body.withBlock(TABLE, 3, withdrawn)))
                .containsExactly(new RowsInserted(TABLE, -1));
    }

    @Test
    void aDeletionNamesTheRowAndWhetherItMovedToAnotherPartition() throws Exception {
        byte[] plain = new Body().i32(700).i16(12).i8(0, 0).bytes();
        byte[] moved = new Body().i32(700).i16(13).i8(0, 0x10).bytes();
        assertThat(body(17, 10, 0x10, Body.withBlock(TABLE, -2, plain)))
                .containsExactly(new RowDeleted(TABLE, 0xFFFFFFFEL, 12, false));
        assertThat(body(17, 10, 0x10, Body.withBlock(TABLE, 3, moved)))
                .containsExactly(new RowDeleted(TABLE, 3, 13, true));
    }

    @Test
    void aHeapRecordWithoutAPageOrWithTooLittleDataIsDamage() {
        assertThatThrownBy(() -> main(17, 10, 0x00, new byte[3]))
                .isInstanceOf(WalDamagedException.class)
                .hasMessageContaining("names no page");
        assertThatThrownBy(() -> body(17, 10, 0x20, Body.withBlock(TABLE, 3, new byte[13])))
                .isInstanceOf(WalDamagedException.class)
                .hasMessageContaining("has 13 bytes of main data, expected 14");
    }

    @Test
    void theEndOfARecoveryABackupAndAChangeOfFullPageWritesAreRead() throws Exception {
        assertThat(main(16, 0, 0x90, new Body().i64(5).i32(3, 2).bytes()))
                .containsExactly(new RecoveryEnded(UNIX_OF_POSTGRES_EPOCH + 5, 3, 2));
        assertThat(main(18, 0, 0x90, new Body().i64(5).i32(3, 2, 1, 0).bytes()))
                .containsExactly(new RecoveryEnded(UNIX_OF_POSTGRES_EPOCH + 5, 3, 2));
        assertThat(main(17, 0, 0x50, new Body().i64(0x2_0000_0028L).bytes()))
                .containsExactly(new BackupEnded(Lsn.parse("2/28")));
        assertThat(main(17, 0, 0x80, new byte[] {0})).containsExactly(new FullPageWritesChanged(false));
    }

    @Test
    void runningTransactionsAndTheirSubtransactionsAreToldApart() throws Exception {
        byte[] data = new Body()
                .i32(2, 1)
                .i8(1, 0, 0, 0)
                .i32(900, 850, 899)
                .i32(850, 870, 851)
                .bytes();
        assertThat(main(17, 8, 0x10, data))
                .containsExactly(new TransactionsRunning(900, 850, 899, true, List.of(850, 870), List.of(851)));
    }

    @Test
    void storageThatGoesWithATransactionsEndIsNamed() throws Exception {
        byte[] data = new Body().i64(0).i32(0x04).i32(1, 1663, 5, 16_400).bytes();
        assertThat(main(17, 1, 0x80, data)).containsExactly(new StorageDropped(TABLE, true));
        assertThat(main(17, 1, 0xA0, data)).containsExactly(new StorageDropped(TABLE, false));
        assertThat(main(17, 1, 0x00, new Body().i64(0).bytes())).isEmpty();
    }

    @Test
    void recordsOfExtensionsAreNamedByTheirResourceManager() throws Exception {
        assertThat(main(15, 128, 0x10, new byte[5])).containsExactly(new CustomRecord(128));
        assertThat(main(18, 255, 0x10, new byte[5])).containsExactly(new CustomRecord(255));
    }

    private static List<RelationChange> main(int major, int rmgr, int info, byte[] mainData) throws Exception {
        return body(major, rmgr, info, SyntheticWal.mainDataBody(mainData));
    }

    private static List<RelationChange> body(int major, int rmgr, int info, byte[] body) throws Exception {
        WalFormat format = WalFormat.of(major);
        SyntheticWal wal = new SyntheticWal(format, SEGMENT);
        wal.recordWithBody(rmgr, info, 7, body);
        List<RelationChange> changes = new ArrayList<>();
        Feeding.reader(format, SEGMENT, StartMode.RECORD_BOUNDARY)
                .feed(
                        SEGMENT,
                        ByteBuffer.wrap(wal.bytes()),
                        record -> RelationChanges.decode(format, record, changes::add));
        return changes;
    }
}
