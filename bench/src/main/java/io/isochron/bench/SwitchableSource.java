package io.isochron.bench;

import java.io.PrintWriter;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.XAConnection;
import javax.sql.XADataSource;

/** Leads new sessions to one server, and from some moment on to another, as an address that moves with the primary does. */
final class SwitchableSource implements XADataSource {
    private volatile XADataSource server;

    SwitchableSource(XADataSource server) {
        this.server = server;
    }

    /** Where new sessions lead now. */
    XADataSource server() {
        return server;
    }

    /** Sessions that are open stay where they are. */
    void leadTo(XADataSource other) {
        server = other;
    }

    @Override
    public XAConnection getXAConnection() throws SQLException {
        return server.getXAConnection();
    }

    @Override
    public XAConnection getXAConnection(String user, String password) throws SQLException {
        return server.getXAConnection(user, password);
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return server.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        server.setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        server.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return server.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        return server.getParentLogger();
    }
}
