package io.isochron.instance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The lock file of a data directory, {@code postmaster.pid}: its first line is the server's process id (PostgreSQL
 * {@code src/include/utils/pidfile.h}).
 */
record PostmasterPid(long pid) {

    /** The server that runs on the data directory; a file left behind by a crash, or whose id is another program's, is none. */
    static Optional<PostmasterPid> ofRunning(Path dataDirectory) throws IOException {
        Path file = dataDirectory.resolve("postmaster.pid");
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        long pid;
        try {
            pid = lines.isEmpty() ? 0 : Math.abs(Long.parseLong(lines.get(0).strip()));
        } catch (NumberFormatException e) {
            throw new PostgresInstanceException(
                    "'" + file + "' does not begin with a process id: '" + lines.get(0) + "'", e);
        }
        return pid != 0 && Processes.isAlive(pid) && worksIn(pid, dataDirectory)
                ? Optional.of(new PostmasterPid(pid))
                : Optional.empty();
    }

    /** A server's working directory is its data directory. Where that cannot be seen, the process is taken for the server. */
    private static boolean worksIn(long pid, Path dataDirectory) throws IOException {
        Path link = Path.of("/proc/" + pid + "/cwd");
        Path working;
        try {
            working = Files.readSymbolicLink(link);
        } catch (IOException e) {
            return Processes.isAlive(pid);
        }
        return working.equals(dataDirectory.toRealPath());
    }
}
