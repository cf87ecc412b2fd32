package io.isochron.instance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How the process of a server is started. */
final class ServerProcess {
    private ServerProcess() {}

    /** Makes the socket directory if it is not there, for the server's user alone. */
    static void prepare(Path socketDirectory, RunAs runAs) throws IOException {
        if (!Files.isDirectory(socketDirectory)) {
            Files.createDirectory(
                    socketDirectory,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            runAs.own(socketDirectory);
        }
    }

    static Process spawn(
            PostgresInstallation installation,
            Path dataDirectory,
            Map<String, String> settings,
            Map<String, String> environment,
            Path log,
            RunAs runAs)
            throws IOException {
        List<String> command = new ArrayList<>();
        if (!environment.isEmpty()) {
            // for the server alone: what drops privileges before it must not see a preloaded library
            command.add("/usr/bin/env");
            environment.forEach((name, value) -> command.add(name + "=" + value));
        }
        command.addAll(List.of(installation.program("postgres").toString(), "-D", dataDirectory.toString()));
        settings.forEach((name, value) -> {
            command.add("-c");
            command.add(name + "=" + value);
        });
        ProcessBuilder builder = new ProcessBuilder(runAs.command(command))
                .directory(new java.io.File("/"))
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        environment(builder);
        return builder.start();
    }

    /**
     * Kills a server with all its processes; it is stopped first so that it starts no new ones meanwhile.
     *
     * @return whether all are gone within the time
     */
    static boolean killAll(ProcessHandle postmaster, Duration patience) {
        // an interrupted thread must not leave a server behind that is halted and never killed
        boolean interrupted = Thread.interrupted();
        try {
            try {
                Processes.signal("STOP", postmaster.pid());
            } catch (IOException e) {
                // interrupted in the middle: killing does not need it
                interrupted |= Thread.interrupted();
            }
            List<ProcessHandle> all = new ArrayList<>(postmaster.descendants().toList());
            all.add(postmaster);
            all.forEach(ProcessHandle::destroyForcibly);
            boolean gone;
            do {
                interrupted |= Thread.interrupted();
                gone = Processes.await(patience, () -> all.stream().noneMatch(ProcessHandle::isAlive));
            } while (!gone && Thread.currentThread().isInterrupted());
            return gone;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Nothing of the caller's PostgreSQL settings reaches the server, and its messages are not translated. */
    static void environment(ProcessBuilder builder) {
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
        environment.remove("LANG");
        environment.put("LC_ALL", "C");
    }
}
