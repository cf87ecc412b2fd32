package io.isochron.app;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ReplicatedStore;
import io.isochron.restore.SnapshotChoice;
import io.isochron.store.Repository;
import io.isochron.upkeep.SuspectSnapshots;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that say which snapshots a restore may begin from. */
final class SnapshotOptions {
    @Option(
            names = "--snapshot",
            paramLabel = "ID",
            description = {
                "Restore from this snapshot, whatever is known of it.",
                "Default: the one with the least WAL to replay that is whole."
            })
    @Nullable
    String only;

    @Option(
            names = "--without-snapshot",
            paramLabel = "ID",
            description = "Restore from another snapshot than this. Can be repeated.")
    List<String> without = new ArrayList<>();

    boolean given() {
        return only != null || !without.isEmpty();
    }

    /** What the user says, and what scrubs found. */
    SnapshotChoice choice(Repository repository, @Nullable ReplicatedStore copies) throws AppException, IOException {
        if (only != null && without.contains(only)) {
            throw new AppException(
                    ExitCode.USAGE,
                    "snapshot " + only + " is given with --snapshot and with --without-snapshot",
                    "leave one of them out.");
        }
        Map<String, String> suspect = Map.of();
        try {
            suspect = SuspectSnapshots.find(
                    repository, repository.scrubSource(copies == null ? Map.of() : copies.copies()));
        } catch (ObjectDamagedException | ObjectNotFoundException e) {
            // records of scrubs claim nothing that a restore relies on; verify tells what is wrong with them
        }
        return new SnapshotChoice(only, Set.copyOf(without), suspect);
    }
}
