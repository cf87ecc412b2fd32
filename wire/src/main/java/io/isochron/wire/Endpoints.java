package io.isochron.wire;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Turns {@code host}, {@code hostaddr} and {@code port}, each perhaps a list, into endpoints as libpq pairs them. */
final class Endpoints {
    private static final int DEFAULT_PORT = 5432;

    private Endpoints() {}

    static List<Endpoint> of(Map<String, String> values) {
        List<String> hosts = list(values.getOrDefault("host", ""));
        List<String> addresses = list(values.getOrDefault("hostaddr", ""));
        List<String> ports = list(values.getOrDefault("port", ""));
        boolean byAddress = values.containsKey("hostaddr");
        int count = byAddress ? addresses.size() : hosts.size();
        if (byAddress && values.containsKey("host") && hosts.size() != count) {
            throw new IllegalArgumentException("could not match " + hosts.size() + " host names to " + count
                    + " hostaddr values\nhint: Give one host for each hostaddr.");
        }
        if (ports.size() != 1 && ports.size() != count) {
            throw new IllegalArgumentException("could not match " + ports.size() + " port numbers to " + count
                    + " hosts\nhint: Give one port for all hosts, or one for each.");
        }
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int port = port(ports.get(ports.size() == 1 ? 0 : i));
            String address = byAddress ? addresses.get(i) : "";
            String host = values.containsKey("host") ? hosts.get(i) : "";
            if (host.isEmpty()) {
                host = address.isEmpty() ? defaultHost(port) : address;
            }
            if (host.startsWith("@")) {
                throw new IllegalArgumentException("host '" + host
                        + "' is an abstract Unix socket, which is not supported\nhint: Use the directory of an ordinary"
                        + " Unix socket, or TCP.");
            }
            endpoints.add(new Endpoint(host, address.isEmpty() ? null : address, port));
        }
        return List.copyOf(endpoints);
    }

    private static List<String> list(String text) {
        List<String> parts = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            parts.add(part.strip());
        }
        return parts;
    }

    private static int port(String text) {
        if (text.isEmpty()) {
            return DEFAULT_PORT;
        }
        try {
            int port = Integer.parseInt(text);
            if (port >= 1 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw invalidPort(text, e);
        }
        throw invalidPort(text, null);
    }

    private static IllegalArgumentException invalidPort(
            String text, @org.jspecify.annotations.Nullable Exception cause) {
        return new IllegalArgumentException(
                "invalid port number '" + text + "'\nhint: A port is a number from 1 to 65535.", cause);
    }

    /** Where a libpq finds the server when no host is given: the directory its builder chose, Debian's or PostgreSQL's own. */
    private static String defaultHost(int port) {
        for (String directory : List.of("/var/run/postgresql", "/tmp")) {
            if (Files.exists(Path.of(directory, ".s.PGSQL." + port))) {
                return directory;
            }
        }
        return Files.isDirectory(Path.of("/var/run/postgresql")) ? "/var/run/postgresql" : "/tmp";
    }
}
