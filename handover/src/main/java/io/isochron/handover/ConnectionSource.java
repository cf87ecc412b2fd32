package io.isochron.handover;

import java.sql.Connection;
import java.sql.SQLException;

/** Opens connections to one PostgreSQL database. Every connection it gives is new and is closed by the one who asked. */
@FunctionalInterface
public interface ConnectionSource {
    /**
     * Opens a connection.
     *
     * @throws SQLException when the server cannot be reached or refuses
     */
    Connection open() throws SQLException;
}
