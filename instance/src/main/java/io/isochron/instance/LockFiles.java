package io.isochron.instance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** PostgreSQL's lock files, as src/backend/utils/init/miscinit.c ({@code CreateLockFile}) makes them: first empty, then written. */
final class LockFiles {
    private LockFiles() {}

    /** Removes a lock file that a killed server left before it had written it; one with content PostgreSQL itself finds to be stale. */
    static void removeEmpty(Path file) throws IOException {
        if (Files.exists(file) && Files.size(file) == 0) {
            Files.delete(file);
        }
    }
}
