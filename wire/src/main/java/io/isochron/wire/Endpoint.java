package io.isochron.wire;

import org.jspecify.annotations.Nullable;

/**
 * One place where a server may listen.
 *
 * @param host a host name, an address, or the absolute path of a directory with the Unix socket
 * @param address a numeric address to connect to instead of resolving {@code host}; null or empty to resolve
 * @param port TCP port, or the number in the Unix socket's name
 */
record Endpoint(String host, @Nullable String address, int port) {
    boolean isUnix() {
        return host.startsWith("/");
    }

    /** The Unix socket's file. */
    String socketPath() {
        return host + (host.endsWith("/") ? "" : "/") + ".s.PGSQL." + port;
    }

    @Override
    public String toString() {
        if (isUnix()) {
            return socketPath();
        }
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
