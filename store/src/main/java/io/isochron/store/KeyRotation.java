package io.isochron.store;

import io.isochron.objects.CrashPoint;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Rotation of a repository's key: a new key seals, the former ones stay in the key file to read what they sealed. Nothing is written again.
 *
 * <p>The steps, in an order in which a crash between any two leaves no object sealed by a key that is in no file: the new key comes into the key file without sealing; the rotation is recorded in the repository; the new key becomes the one
 * that seals in the key file. Each is durable before the next. Who begins again after a crash goes on with the key that the first step made.
 */
public final class KeyRotation {
    /** What is to be done next. */
    public enum Step {
        /** A new key is made. */
        NEW,
        /** An earlier rotation made a key that is not recorded yet: it goes on with that one. */
        RECORD,
        /** An earlier rotation was recorded, and the key file does not seal with its key yet. */
        USE
    }

    /**
     * What a rotation would do.
     *
     * @param from id of the key that is to seal now
     * @param to id of the key that is to seal then; empty: it is to be made
     */
    public record Plan(Step step, String from, Optional<String> to) {}

    /**
     * What a rotation did.
     *
     * @param backup the key file as it was before; empty if it was not changed
     */
    public record Done(Step step, String from, String to, Optional<Path> backup) {}

    private KeyRotation() {}

    /**
     * What {@link #run} would do.
     *
     * @throws KeyFileException if the key lacks one that the repository's key was rotated to
     */
    public static Plan plan(Repository repository) throws IOException {
        return plan(repository.key(), repository.keys());
    }

    private static Plan plan(RepositoryKey key, KeyHistory history) throws KeyFileException {
        String current = history.current();
        if (!history.whole() || !key.keyIds().contains(current)) {
            throw new KeyFileException(
                    "the repository's key was rotated to " + current
                            + ", which the key given here lacks\nhint: copy the key file from where that was done, and rotate then");
        }
        Set<String> unrecorded = new TreeSet<>(key.keyIds());
        unrecorded.removeIf(history::knows);
        if (unrecorded.contains(key.primaryKeyId())) {
            return new Plan(Step.RECORD, current, Optional.of(key.primaryKeyId()));
        }
        if (!key.primaryKeyId().equals(current)) {
            return new Plan(
                    Step.USE, history.change(current).map(KeyChange::from).orElse(current), Optional.of(current));
        }
        return unrecorded.isEmpty()
                ? new Plan(Step.NEW, current, Optional.empty())
                : new Plan(Step.RECORD, current, unrecorded.stream().findFirst());
    }

    /**
     * Rotates, or goes on with a rotation that was interrupted.
     *
     * @param repository opened with the key of {@code file}
     * @param now the time to note
     * @param by who does it
     * @throws KeyFileException if the file is being changed, or was changed since the repository was opened
     */
    public static Done run(KeyFile file, Repository repository, Instant now, String by) throws IOException {
        try (KeyFile.Change change = file.change()) {
            CrashPoint.reached("rotate.taken");
            RepositoryKey key = change.key();
            if (!key.equalsKey(repository.key())) {
                throw new KeyFileException(
                        "key file " + file.path() + " was changed meanwhile\nhint: run the command again");
            }
            Plan plan = plan(key, repository.keys());
            String to;
            if (plan.to().isPresent()) {
                to = plan.to().get();
            } else {
                RepositoryKey added = key.withNewKey();
                Set<String> fresh = new TreeSet<>(added.keyIds());
                fresh.removeAll(key.keyIds());
                to = fresh.iterator().next();
                key = added;
                change.replace(key, to);
                CrashPoint.reached("rotate.kept");
            }
            if (plan.step() != Step.USE) {
                repository.recordKey(to, now, by);
                CrashPoint.reached("rotate.recorded");
            }
            if (key.primaryKeyId().equals(to)) {
                return new Done(plan.step(), plan.from(), to, Optional.empty());
            }
            change.replace(key.sealingWith(to), to);
            CrashPoint.reached("rotate.sealing");
            return new Done(plan.step(), plan.from(), to, Optional.of(change.backup(to)));
        }
    }
}
