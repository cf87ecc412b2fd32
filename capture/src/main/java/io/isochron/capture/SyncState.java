package io.isochron.capture;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * How a server's commits depend on Isochron's receiver, as its settings and statistics tell.
 *
 * @param names {@code synchronous_standby_names}
 * @param configurationLoaded when the server last read its configuration, as it tells it: another value means that settings may have been others in between
 * @param receivers number of walsenders that stream to receivers of this name
 * @param synchronous number of those that the server counts as synchronous
 * @param holes ways by which commits get around the receiver, in words; empty if none was found
 */
record SyncState(String names, String configurationLoaded, int receivers, int synchronous, List<String> holes) {
    /** The {@code application_name} of the receiver, which {@code synchronous_standby_names} must require. */
    static final String RECEIVER = "isochron";

    private static final String STATE = """
            select current_setting('synchronous_standby_names'), pg_catalog.pg_conf_load_time()::text,
                   current_setting('synchronous_commit'),
                   (select count(*) from pg_catalog.pg_stat_replication
                     where lower(application_name) = 'isochron' and state = 'streaming'),
                   (select count(*) from pg_catalog.pg_stat_replication
                     where lower(application_name) = 'isochron' and state = 'streaming'
                       and sync_state in ('sync', 'quorum'))""";

    private static final String OVERRIDES = """
            select setting, coalesce('role ' || r.rolname, ''), coalesce('database ' || d.datname, '')
            from (select setdatabase, setrole, unnest(setconfig) as setting from pg_catalog.pg_db_role_setting) s
                 left join pg_catalog.pg_roles r on r.oid = s.setrole
                 left join pg_catalog.pg_database d on d.oid = s.setdatabase
            where setting ~* '^synchronous_commit=(off|local|false|no|0|f|n)$'
            order by 2, 3""";

    SyncState {
        holes = List.copyOf(holes);
    }

    /** Asks a server; the connection must not change {@code synchronous_commit} itself. */
    static SyncState of(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            List<String> holes = new ArrayList<>();
            String names;
            String loaded;
            int receivers;
            int synchronous;
            try (ResultSet row = statement.executeQuery(STATE)) {
                row.next();
                names = row.getString(1);
                loaded = row.getString(2);
                String commit = row.getString(3);
                receivers = row.getInt(4);
                synchronous = row.getInt(5);
                if (commit.equals("off") || commit.equals("local")) {
                    holes.add("synchronous_commit is " + commit + " by default: commits do not wait");
                }
            }
            try (ResultSet row = statement.executeQuery(OVERRIDES)) {
                while (row.next()) {
                    String whose = (row.getString(2) + " " + row.getString(3)).strip();
                    holes.add((whose.isEmpty() ? "all roles" : whose) + " has " + row.getString(1)
                            + ": its commits do not wait");
                }
            }
            requirement(names, holes);
            if (receivers > 1) {
                holes.add(receivers + " receivers are called " + RECEIVER + ": any of them can confirm");
            }
            return new SyncState(names, loaded, receivers, synchronous, holes);
        }
    }

    private static void requirement(String names, List<String> holes) {
        StandbyNames.Requirement requirement;
        try {
            requirement = StandbyNames.parse(names).of(RECEIVER);
        } catch (IllegalArgumentException e) {
            holes.add(String.valueOf(e.getMessage()));
            return;
        }
        switch (requirement) {
            case ALWAYS -> {}
            case WHILE_CONNECTED ->
                holes.add("synchronous_standby_names '" + names + "' lets another standby confirm while " + RECEIVER
                        + " is not connected");
            case NOT -> holes.add("synchronous_standby_names '" + names + "' does not require " + RECEIVER);
        }
    }

    /** Whether commits wait for this name at all, though others may confirm in its place at times. */
    boolean waitsForUs() {
        try {
            return StandbyNames.parse(names).of(RECEIVER) != StandbyNames.Requirement.NOT;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Whether every commit now waits for the one receiver: then nothing that it has not confirmed is visible to anyone. */
    boolean armed() {
        return holes.isEmpty() && receivers == 1 && synchronous == 1;
    }
}
