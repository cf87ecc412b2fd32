package io.isochron.instance;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a {@link PostgresInstance} is made of; everything not set has the default that its method names. */
public final class PostgresInstanceBuilder {
    final PostgresInstallation installation;
    final Path dataDirectory;
    final Path socketDirectory;
    int port = 5432;

    @Nullable
    String listenAddress;

    String superuser = "postgres";

    @Nullable
    Path log;

    @Nullable
    RunAs runAs;

    boolean endsWithJvm;
    Map<String, String> environment = Map.of();

    PostgresInstanceBuilder(PostgresInstallation installation, Path dataDirectory, Path socketDirectory) {
        this.installation = installation;
        this.dataDirectory = dataDirectory;
        this.socketDirectory = socketDirectory;
    }

    /** The port (default 5432); without {@link #listenAddress} it only names the Unix socket's file. */
    public PostgresInstanceBuilder port(int value) {
        port = value;
        return this;
    }

    /** The address to listen on by TCP, such as {@code 127.0.0.1} (default: none). */
    public PostgresInstanceBuilder listenAddress(@Nullable String value) {
        listenAddress = value;
        return this;
    }

    /** The superuser of new data directories and of {@link PostgresInstance#jdbc} (default {@code postgres}). */
    public PostgresInstanceBuilder superuser(String value) {
        superuser = value;
        return this;
    }

    /** The file that the server's output is appended to (default: beside the data directory, its name and {@code .log}). */
    public PostgresInstanceBuilder log(Path value) {
        log = value;
        return this;
    }

    /** Who runs the server (default {@link RunAs#current()}). */
    public PostgresInstanceBuilder runAs(RunAs value) {
        runAs = value;
        return this;
    }

    /** Whether the server ends when this JVM does (default: it goes on). */
    public PostgresInstanceBuilder endsWithJvm(boolean value) {
        endsWithJvm = value;
        return this;
    }

    /** Variables of the server's environment over those of this process (default: none). No place for secrets: other users can see them. */
    public PostgresInstanceBuilder environment(Map<String, String> value) {
        environment = Map.copyOf(value);
        return this;
    }

    /**
     * The instance, not started.
     *
     * @throws IOException when the socket's path is too long or no user can run servers
     */
    public PostgresInstance build() throws IOException {
        return new PostgresInstance(this);
    }
}
