package io.isochron.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The wall clock of one server, off the machine's by what is asked for, by libfaketime. It may be stepped while the server runs: all its
 * processes see the step at once, because none keeps what the file said. The monotonic clock stays the machine's. A statement's or lock's
 * timeout that passes while the server waits can come late by as much as the clock is ahead, never early: in a wait the library shows the
 * machine's time.
 */
public final class FakeClock {
    private static final List<Path> LIBRARIES = List.of(
            Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"),
            Path.of("/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"),
            Path.of("/usr/lib/faketime/libfaketime.so.1"),
            Path.of("/usr/lib64/faketime/libfaketime.so.1"));

    private final Path library;
    private final Path file;

    private FakeClock(Path library, Path file) {
        this.library = library;
        this.file = file;
    }

    /** Whether libfaketime is on this machine. */
    public static boolean possible() {
        return library().isPresent();
    }

    private static Optional<Path> library() {
        return LIBRARIES.stream().filter(Files::isReadable).findFirst();
    }

    /**
     * A clock that is right until it is set.
     *
     * @param file where its offset is kept; the server's user must be able to read it
     * @throws IOException if libfaketime is not installed, or the file cannot be written
     */
    static FakeClock at(Path file) throws IOException {
        FakeClock clock = new FakeClock(
                library()
                        .orElseThrow(
                                () -> new IOException(
                                        "clocks cannot be skewed: libfaketime is in none of " + LIBRARIES
                                                + "\nhint: install the package libfaketime (Debian: apt-get install libfaketime)")),
                file);
        clock.set(Duration.ZERO);
        return clock;
    }

    /** What the server must find in its environment. */
    Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD",
                library.toString(),
                "FAKETIME_TIMESTAMP_FILE",
                file.toString(),
                "FAKETIME_NO_CACHE",
                "1",
                "FAKETIME_DONT_FAKE_MONOTONIC",
                "1");
    }

    /** What the library leaves in shared memory when a server is killed. */
    static void removeLeftovers(long pid) throws IOException {
        Files.deleteIfExists(Path.of("/dev/shm/faketime_shm_" + pid));
        Files.deleteIfExists(Path.of("/dev/shm/sem.faketime_sem_" + pid));
    }

    /** Sets the clock, at once, to this much ahead of the machine's (behind, if negative), in whole microseconds. */
    public void set(Duration ahead) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(fresh, String.format(Locale.ROOT, "%+.6f%n", ahead.toNanos() / 1e9));
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
