package io.isochron.app;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command may know of the process it runs in.
 *
 * @param environment environment variables
 * @param directory the working directory
 * @param zone the local time zone; used only to explain what a time without one could mean
 * @param clock this host's clock
 * @param out where results go
 * @param err where progress, warnings and errors go
 * @param terminal whether {@code err} is a terminal
 * @param answers what a person types; null if nobody sits there
 */
record Host(
        Map<String, String> environment,
        Path directory,
        ZoneId zone,
        Clock clock,
        PrintStream out,
        PrintStream err,
        boolean terminal,
        @Nullable InputStream answers) {

    /** Who runs the program, as the operating system says: {@code user@host}. */
    String user() {
        return System.getProperty("user.name", "unknown") + "@" + name();
    }

    /** This host's name. */
    String name() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return environment.getOrDefault("HOSTNAME", "unknown");
        }
    }

    /** The real process. */
    static Host system() {
        return new Host(
                System.getenv(),
                Path.of("").toAbsolutePath(),
                ZoneId.systemDefault(),
                Clock.systemUTC(),
                new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                Boolean.getBoolean("isochron.terminal"),
                Boolean.getBoolean("isochron.interactive") ? System.in : null);
    }
}
