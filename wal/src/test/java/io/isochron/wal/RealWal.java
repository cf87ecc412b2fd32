package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.wal.WalReader.StartMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The log of a real server of one version, after a varied workload, held against what SQL says of the same server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RealWal {
    private final int major;
    private final String walLevel;
    private Random random;
    private RowTruth rows;
    private Lsn last;
    private byte[] log;
    WalServer server;
    Lsn first;
    List<SeenRecord> seen;

    RealWal(int major, String walLevel) {
        this.major = major;
        this.walLevel = walLevel;
    }

    @BeforeAll
    void writeAndReadALog() throws Exception {
        random = RandomSource.seeded(getClass().getSimpleName());
        server = new WalServer(major, Map.of("wal_level", walLevel));
        WalWorkload.run(server, random);
        rows = new RowTruth(server, random);
        rows.work();
        first = server.firstSegment();
        last = server.flushed();
        log = server.read(first, last);
        WalReader reader = new WalReader(server.format(), WalServer.SEGMENT_BYTES, first, StartMode.UNKNOWN);
        seen = new ArrayList<>();
        Feeding.inPieces(
                reader, first, log, 200_000, random, record -> seen.add(SeenRecord.of(server.format(), record)));
        assertThat(reader.recordEnd()).isGreaterThanOrEqualTo(last.plus(-WalServer.SEGMENT_BYTES));
    }

    @AfterAll
    void closeServer() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Test
    void aReaderRestartedAtAnyPendingStartGivesTheSameRecords() throws Exception {
        List<Lsn> starts = new ArrayList<>();
        Lsn restart = first;
        StartMode mode = StartMode.UNKNOWN;
        int restarts = 0;
        while (restart.isBefore(last)) {
            WalReader reader = new WalReader(server.format(), WalServer.SEGMENT_BYTES, restart, mode);
            // some small ones first, so that there are restarts however the dice fall
            int piece = restarts < 8 ? 1 + random.nextInt(50_000) : 1 + random.nextInt(300_000);
            if (restarts >= 8 && random.nextInt(20) == 0) {
                piece = 20_000_000;
            }
            int size = (int) Math.min(last.minus(restart), piece);
            reader.feed(restart, ByteBuffer.wrap(log, (int) restart.minus(first), size), r -> starts.add(r.start()));
            if (reader.fed().equals(last)) {
                break;
            }
            restart = reader.pendingStart();
            mode = reader.aligned() ? StartMode.RECORD_BOUNDARY : StartMode.UNKNOWN;
            restarts++;
        }
        assertThat(restarts).isGreaterThan(5);
        assertThat(starts).isEqualTo(seen.stream().map(SeenRecord::start).toList());
    }

    @Test
    void aReaderThatStartsAtAnySegmentFindsTheFirstRecordThatBeginsThere() throws Exception {
        for (Lsn start = first; start.isBefore(last); start = start.plus(WalServer.SEGMENT_BYTES)) {
            WalReader reader = new WalReader(server.format(), WalServer.SEGMENT_BYTES, start, StartMode.UNKNOWN);
            List<Lsn> starts = new ArrayList<>();
            Lsn from = start;
            Lsn to = Lsn.min(last, start.plus(3L * WalServer.SEGMENT_BYTES));
            byte[] part = Arrays.copyOfRange(log, (int) start.minus(first), (int) to.minus(first));
            Feeding.inPieces(reader, start, part, 100_000, random, r -> starts.add(r.start()));
            assertThat(starts)
                    .isEqualTo(seen.stream()
                            .filter(r -> !r.start().isBefore(from))
                            .filter(r -> !lastByte(r).isAfter(to))
                            .map(SeenRecord::start)
                            .toList());
        }
    }

    /** A segment switch ends with its own bytes as far as a reader's input goes. */
    private static Lsn lastByte(SeenRecord record) {
        boolean isSwitch = record.rmgr() == 0 && (record.info() & 0xF0) == XlogInfo.SWITCH;
        return isSwitch ? record.start().plus(record.length()) : record.end();
    }

    @Test
    void rowsThatCameChangedAndWentAreThoseThatSqlCounted() {
        assertThat(RowTruth.fromLog(seen, rows.counts().keySet())).isEqualTo(rows.counts());
        assertThat(rows.counts().size()).isGreaterThan(5);
    }

    @Test
    void theControlFileSaysWhatTheServerSays() throws Exception {
        server.execute("checkpoint");
        ControlFile control = ControlFile.parse(
                java.nio.file.Files.readAllBytes(server.dataDirectory().resolve("global/pg_control")));
        assertThat(control.majorVersion()).hasValue(major);
        assertThat(control.state()).isEqualTo(ControlFile.State.IN_PRODUCTION);
        assertThat(
                        server.query(
                                "select concat_ws(' ', system_identifier, pg_control_version, catalog_version_no) from pg_control_system()"))
                .isEqualTo(
                        control.systemIdentifier() + " " + control.controlVersion() + " " + control.catalogVersion());
        Checkpoint checkpoint = control.checkpoint();
        assertThat(
                        server.query(
                                "select concat_ws(' ', checkpoint_lsn, redo_lsn, timeline_id, prev_timeline_id, next_xid, next_oid,"
                                        + " oldest_xid, oldest_active_xid, extract(epoch from checkpoint_time)::bigint) from pg_control_checkpoint()"))
                .isEqualTo(control.checkpointLsn() + " " + checkpoint.redo() + " " + checkpoint.timeline() + " "
                        + checkpoint.previousTimeline() + " " + (checkpoint.nextXid() >>> 32) + ":"
                        + (int) checkpoint.nextXid() + " " + checkpoint.nextOid() + " " + checkpoint.oldestXid() + " "
                        + checkpoint.oldestActiveXid() + " " + checkpoint.timeSeconds());
        assertThat(server.query(
                        "select concat_ws(' ', wal_block_size, bytes_per_wal_segment, database_block_size, data_page_checksum_version)"
                                + " from pg_control_init()"))
                .isEqualTo(control.walPageBytes() + " " + control.walSegmentBytes() + " " + control.dataPageBytes()
                        + " " + control.dataChecksumVersion());
        var settings = control.settings();
        assertThat(
                        server.query(
                                "select string_agg(setting, ' ' order by name) from pg_settings where name in ('max_connections',"
                                        + " 'max_locks_per_transaction', 'max_prepared_transactions', 'max_wal_senders', 'max_worker_processes', 'wal_level')"))
                .isEqualTo(settings.maxConnections() + " " + settings.maxLocksPerTransaction() + " "
                        + settings.maxPreparedTransactions() + " " + settings.maxWalSenders() + " "
                        + settings.maxWorkerProcesses() + " "
                        + List.of("minimal", "replica", "logical").get(settings.walLevel()));
        assertThat(control.systemIdentifier())
                .isEqualTo(Long.parseUnsignedLong(server.query("select system_identifier from pg_control_system()")));
    }

    @Test
    void commitsOfPreparedTransactionsCarryTheGidAtWalLevelLogicalOnlyAndAreOfAPreparedXid() {
        Map<Integer, String> prepared = new LinkedHashMap<>();
        int decided = 0;
        for (SeenRecord record : seen) {
            for (TransactionEvent event : record.events()) {
                switch (event) {
                    case TransactionEvent.Prepare prepare -> prepared.put(prepare.xid(), prepare.gid());
                    case TransactionEvent.Commit commit
                    when commit.prepared() -> {
                        decided++;
                        assertThat(prepared).containsKey(commit.xid());
                        assertThat(commit.gid())
                                .isEqualTo(walLevel.equals("logical") ? prepared.get(commit.xid()) : null);
                    }
                    case TransactionEvent.Abort abort
                    when abort.prepared() -> {
                        decided++;
                        assertThat(prepared).containsKey(abort.xid());
                        assertThat(abort.gid())
                                .isEqualTo(walLevel.equals("logical") ? prepared.get(abort.xid()) : null);
                    }
                    case TransactionEvent.Commit commit ->
                        assertThat(commit.gid()).isNull();
                    case TransactionEvent.Abort abort -> assertThat(abort.gid()).isNull();
                }
            }
        }
        assertThat(prepared.values()).contains("1096044365_Z3RyaWQ=_branch3-é");
        assertThat(decided).isGreaterThan(8);
    }
}
