package io.isochron.capture;

import io.isochron.capture.CheckResult.Verdict;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Whether a shard's commits wait for capture, and whether they can be freed when capture is gone. */
final class SyncCheck {
    private static final String RIGHTS = """
            select r.rolsuper or case when current_setting('server_version_num')::int >= 150000
                     then pg_catalog.has_parameter_privilege('synchronous_standby_names', 'ALTER SYSTEM') else false end
                   and pg_catalog.has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE')
            from pg_catalog.pg_roles r where r.rolname = current_user""";

    private static final String RIGHTS_BEFORE_15 = """
            select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user""";

    private final ShardSource source;
    private final List<CheckResult> results = new ArrayList<>();

    SyncCheck(ShardSource source) {
        this.source = source;
    }

    List<CheckResult> run() {
        try (Connection connection = SyncGuard.open(source)) {
            SyncState state = SyncState.of(connection);
            if (state.holes().isEmpty()) {
                add("synchronous", Verdict.OK, "every commit waits for " + SyncState.RECEIVER, "");
            }
            for (String hole : state.holes()) {
                add(
                        "synchronous",
                        state.waitsForUs() ? Verdict.WARN : Verdict.FAIL,
                        hole,
                        "start capture, then set synchronous_standby_names so that all that are listed must confirm, such as 'isochron' or 'FIRST 2 (isochron, b)'; there are no fences while commits can get around capture");
            }
            if (state.names().isEmpty() || state.receivers() > 0 || !state.waitsForUs()) {
                rights(connection);
            } else {
                add(
                        "receiver",
                        Verdict.WARN,
                        "commits wait for " + SyncState.RECEIVER + ", and it is not connected",
                        "start `isochron capture`; to free the database at once " + SyncSwitch.BY_HAND);
            }
        } catch (SQLException e) {
            add(
                    "synchronous",
                    Verdict.FAIL,
                    "it cannot be told whether commits wait: " + e.getMessage(),
                    "the role needs the right to connect to the database "
                            + source.settings().database());
        }
        return results;
    }

    private void rights(Connection connection) throws SQLException {
        boolean allowed;
        int version = connection.getMetaData().getDatabaseMajorVersion();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(version >= 15 ? RIGHTS : RIGHTS_BEFORE_15)) {
            allowed = row.next() && row.getBoolean(1);
        }
        add(
                "freeing",
                allowed ? Verdict.OK : Verdict.WARN,
                allowed
                        ? "the role may switch the shard to asynchronous commits when capture is away"
                        : "the role may not switch the shard to asynchronous commits: while capture is away, commits wait without end",
                allowed
                        ? ""
                        : "grant alter system on parameter synchronous_standby_names to the role (PostgreSQL 15), and execute on function pg_reload_conf()");
    }

    private void add(String name, Verdict verdict, String detail, String hint) {
        results.add(new CheckResult(source.name(), name, verdict, detail, hint));
    }
}
