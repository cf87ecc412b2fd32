package io.isochron.capture;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Looks in which databases of a shard the optional SQL helper is installed. It is never needed, so whatever is found is no failure. */
final class SqlHelperCheck {
    static final String NAME = "sql helper";

    private static final String QUERY = "select count(*) = 2 from pg_catalog.pg_event_trigger where evtname in ('"
            + SqlHelper.TRIGGER + "', '" + SqlHelper.DROP_TRIGGER + "') and evtenabled in ('O', 'A')";

    private final ShardSource source;

    SqlHelperCheck(ShardSource source) {
        this.source = source;
    }

    CheckResult run() {
        List<String> with = new ArrayList<>();
        List<String> without = new ArrayList<>();
        List<String> unseen = new ArrayList<>();
        try (Connection connection = Sql.open(source, source.settings().database())) {
            for (DatabaseName database : DatabaseName.list(connection)) {
                if (database.connectable()) {
                    try (Connection inside = Sql.open(source, database.name());
                            Statement statement = inside.createStatement();
                            ResultSet row = statement.executeQuery(QUERY)) {
                        row.next();
                        (row.getBoolean(1) ? with : without).add(database.name());
                    } catch (SQLException e) {
                        unseen.add(database.name());
                    }
                }
            }
        } catch (SQLException e) {
            return result("databases cannot be looked at: " + e.getMessage());
        }
        List<String> parts = new ArrayList<>();
        if (!with.isEmpty()) {
            parts.add("installed in " + String.join(", ", with));
        }
        if (!without.isEmpty()) {
            parts.add("not in " + String.join(", ", without)
                    + ", where changes of the schema are seen without their text (optional: isochron sql-helper)");
        }
        if (!unseen.isEmpty()) {
            parts.add("not known of " + String.join(", ", unseen) + ", which cannot be connected to");
        }
        return result(String.join("; ", parts));
    }

    private CheckResult result(String detail) {
        return new CheckResult(source.name(), NAME, CheckResult.Verdict.OK, detail, "");
    }
}
