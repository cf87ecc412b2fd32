package io.isochron.capture;

import io.isochron.chronicle.OpenPrepared;
import io.isochron.wal.Lsn;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The transactions that are prepared when a shard's chronicle begins: their PREPARE may lie before it. */
final class PreparedAtStart {
    private static final String QUERY = """
            select p.transaction::text::bigint, p.gid, (extract(epoch from p.prepared) * 1000000)::bigint, coalesce(d.oid, 0)::bigint
            from pg_catalog.pg_prepared_xacts p left join pg_catalog.pg_database d on d.datname = p.database""";

    private PreparedAtStart() {}

    /** Asks the shard; what cannot be asked is a notice. */
    static List<OpenPrepared> read(ShardSource source, Lsn chronicleStart, ShardMonitor monitor) {
        List<OpenPrepared> found = new ArrayList<>();
        try (Connection connection = Sql.open(source, source.settings().database());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(QUERY)) {
            while (rows.next()) {
                found.add(new OpenPrepared(
                        (int) rows.getLong(1),
                        rows.getString(2),
                        chronicleStart,
                        chronicleStart,
                        rows.getLong(3),
                        (int) rows.getLong(4),
                        List.of()));
            }
        } catch (SQLException e) {
            monitor.notice("transactions prepared before the first capture of shard " + source.name()
                    + " are not known: " + e.getMessage());
        }
        return found;
    }
}
