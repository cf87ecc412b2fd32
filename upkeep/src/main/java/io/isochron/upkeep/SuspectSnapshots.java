package io.isochron.upkeep;

import io.isochron.objects.ObjectName;
import io.isochron.store.Finding;
import io.isochron.store.Finding.Severity;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.store.ScrubSource;
import io.isochron.store.StoredName;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Snapshots of which scrubs found something that is not whole, and still is not. */
public final class SuspectSnapshots {
    private SuspectSnapshots() {}

    /**
     * Looks at what scrubs noted, and reads again what they found until one object of a snapshot is seen to be damaged or missing in every copy: it may have been repaired since.
     *
     * @return by id, what is wrong, in words
     * @throws IOException if the records of scrubs cannot be read
     */
    public static Map<String, String> find(Repository repository, ScrubSource source) throws IOException {
        Map<String, String> suspect = new TreeMap<>();
        for (CopyFinding found : ScrubState.of(repository, source.copies()).findings()) {
            Finding finding = found.finding();
            boolean certain = finding.severity() == Severity.DAMAGE || finding.severity() == Severity.MISSING;
            if (certain
                    && StoredName.of(finding.object(), repository.cluster()) instanceof StoredName.SnapshotPart part
                    && !suspect.containsKey(part.snapshot())
                    && source.copies().stream().allMatch(copy -> unusable(source, copy, finding.object()))) {
                suspect.put(
                        part.snapshot(),
                        "a scrub found object " + finding.object()
                                + (finding.severity() == Severity.DAMAGE ? " damaged" : " missing"));
            }
        }
        return suspect;
    }

    /** Certainly so; what cannot be told is for the restore to find out. */
    private static boolean unusable(ScrubSource source, String copy, String object) {
        Optional<Finding> now = source.read(copy, new ObjectName(object));
        return now.isPresent()
                && (now.get().severity() == Severity.DAMAGE || now.get().severity() == Severity.MISSING);
    }
}
