package io.isochron.wal;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Records by the extension pg_walinspect. */
final class WalInspect {
    private static final Pattern BLOCK =
            Pattern.compile("blkref #(\\d+): rel (\\S+) fork (\\w+) blk (\\d+)( \\(FPW\\)( for WAL verification)?)?");
    private static final List<String> FORKS = List.of("main", "fsm", "vm", "init");

    private WalInspect() {}

    static List<OracleRecord> records(WalServer server, Lsn start, Lsn end) throws SQLException {
        List<OracleRecord> records = new ArrayList<>();
        try (Connection connection = server.connect("postgres");
                Statement sql = connection.createStatement()) {
            connection.setAutoCommit(false);
            sql.execute("create extension pg_walinspect");
            sql.setFetchSize(10_000);
            Map<String, List<String>> blocks = server.major() == 15 ? Map.of() : blocks(sql, start, end);
            try (var row = sql.executeQuery("select start_lsn, end_lsn, prev_lsn, xid, resource_manager, record_type,"
                    + " case resource_manager when 'LogicalMessage' then '' else description end,"
                    + " record_length, fpi_length, main_data_length, "
                    + (server.major() == 15 ? "block_ref" : "null") + " from pg_get_wal_records_info('" + start
                    + "', '" + end
                    + "')")) {
                while (row.next()) {
                    records.add(new OracleRecord(
                            row.getString(1),
                            row.getString(2),
                            row.getString(3),
                            row.getString(4),
                            row.getString(5),
                            row.getString(6),
                            row.getString(7),
                            row.getInt(8),
                            row.getInt(9),
                            row.getInt(10),
                            server.major() == 15
                                    ? blocks(row.getString(11))
                                    : blocks.getOrDefault(row.getString(1), List.of())));
                }
            }
            connection.rollback();
        }
        return records;
    }

    /** The block references of a record as 15 writes them in one text; it has no function that gives them as rows. */
    private static List<String> blocks(String text) {
        return BLOCK.matcher(text == null ? "" : text)
                .results()
                .map(block -> block.group(1) + " " + block.group(2) + " " + FORKS.indexOf(block.group(3)) + " "
                        + block.group(4)
                        + (block.group(5) == null ? "" : block.group(6) == null ? " image" : " image for checks"))
                .toList();
    }

    private static Map<String, List<String>> blocks(Statement sql, Lsn start, Lsn end) throws SQLException {
        Map<String, List<String>> blocks = new HashMap<>();
        try (var row = sql.executeQuery(
                "select start_lsn, concat_ws(' ', block_id, concat_ws('/', reltablespace, reldatabase, relfilenode),"
                        + " relforknumber, relblocknumber, case when 'APPLY' = any (block_fpi_info) then 'image'"
                        + " when block_fpi_length > 0 then 'image for checks' end)"
                        + " from pg_get_wal_block_info('" + start + "', '" + end + "', false)")) {
            while (row.next()) {
                blocks.computeIfAbsent(row.getString(1), s -> new ArrayList<>(1))
                        .add(row.getString(2));
            }
        }
        return blocks;
    }
}
