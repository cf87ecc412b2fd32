package io.isochron.restore;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Judges a target directory before anything is written to it. */
final class TargetDirectory {
    /** Held while a restore works on the directory. */
    static final String LOCK = "isochron-restore.lock";

    private final Path path;

    TargetDirectory(Path path) {
        this.path = path.toAbsolutePath().normalize();
    }

    Path path() {
        return path;
    }

    /**
     * Refuses what must not be written to.
     *
     * @param neededBytes what the restore will take at most, in bytes
     * @param planId the plan to carry out
     * @return the journal of this plan's own unfinished restore, if the directory holds one
     */
    Optional<RestoreJournal> admit(String planId, long neededBytes) throws IOException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(path)) {
            throw new RestoreRefusedException(
                    "target " + path + " is not a directory", "name a directory that is empty or does not exist");
        }
        refusePostmaster(path);
        Optional<RestoreJournal> journal = RestoreJournal.load(path);
        if (journal.isPresent()) {
            requirePlan(journal.get(), planId);
            return journal;
        }
        refuseContent();
        Path existing = nearestExisting();
        if (!Files.isWritable(existing)) {
            throw new RestoreRefusedException(
                    "target " + path + " cannot be written: no right to write to " + existing,
                    "choose another place or grant the right");
        }
        long usable = Files.getFileStore(existing).getUsableSpace();
        if (usable < neededBytes) {
            throw new RestoreRefusedException(
                    "target " + path + " has " + mib(usable) + " MiB of space and the restore may need "
                            + mib(neededBytes) + " MiB",
                    "make room or choose a larger file system");
        }
        return Optional.empty();
    }

    /** Refuses the restore of another plan. */
    void requirePlan(RestoreJournal journal, String planId) throws RestoreException {
        if (!journal.plan().id().equals(planId)) {
            throw new RestoreRefusedException(
                    "target " + path + " holds the restore of another plan, "
                            + journal.plan().id() + ", not of " + planId,
                    "name another directory, or go on with that plan");
        }
    }

    private void refuseContent() throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> entries = Files.list(path)) {
            // a restore that was killed before its journal was there leaves these two
            Optional<Path> first = entries.filter(
                            entry -> !entry.endsWith(LOCK) && !entry.endsWith(RestoreJournal.NEXT))
                    .findAny();
            if (first.isPresent()) {
                throw new RestoreRefusedException(
                        "target " + path + " is not empty: it holds "
                                + first.get().getFileName(),
                        "name a directory that is empty or does not exist");
            }
        }
    }

    private static void refusePostmaster(Path directory) throws RestoreException {
        if (Files.exists(directory.resolve("postmaster.pid"), LinkOption.NOFOLLOW_LINKS)) {
            throw new RestoreRefusedException(
                    "target " + directory + " holds a postmaster.pid: a PostgreSQL server runs or ran there",
                    "a data directory is never a target; name a directory that is empty or does not exist");
        }
    }

    private Path nearestExisting() {
        Path candidate = path;
        while (!Files.exists(candidate)) {
            Path parent = candidate.getParent();
            if (parent == null) {
                return candidate;
            }
            candidate = parent;
        }
        return candidate;
    }

    private static long mib(long bytes) {
        return bytes >> 20;
    }
}
