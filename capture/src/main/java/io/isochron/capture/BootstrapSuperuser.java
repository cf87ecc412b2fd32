package io.isochron.capture;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/** The role that {@code initdb} made: work inside a restored copy is done as this one. */
final class BootstrapSuperuser {
    /** {@code BOOTSTRAP_SUPERUSERID} in src/include/catalog/pg_authid.dat; the role may be renamed, its OID stays. */
    private static final int OID = 10;

    private BootstrapSuperuser() {}

    /** Its name; null if this role cannot ask by SQL, then a restore is told the name or tries the usual one. */
    static @Nullable String of(ShardSource source) {
        try (Connection connection = Sql.open(source, source.settings().database());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select rolname from pg_catalog.pg_roles where oid = " + OID)) {
            return row.next() ? row.getString(1) : null;
        } catch (SQLException e) {
            return null;
        }
    }
}
