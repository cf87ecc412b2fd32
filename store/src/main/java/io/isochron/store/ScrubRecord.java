package io.isochron.store;

import io.isochron.store.RepositoryCopies.CopyFinding;
import java.time.Instant;
import java.util.List;

/**
 * What a scrub read in one go: all objects whose names lie behind one and at or before another, as they were listed then, in every copy it names. A pass goes through all names in their order, from the
 * beginning to the end, and mostly takes many records.
 *
 * @param number from 0, without holes
 * @param pass from 1; all records of a pass follow each other
 * @param begun when reading began, by the host's clock, to the microsecond
 * @param recorded when it ended
 * @param after the name behind which it began; empty at the beginning of a pass
 * @param through the name up to which it read; empty if the pass ended
 * @param copies names of the copies that were read; one empty name if the repository is in one place
 * @param objects that were read, in each copy
 * @param bytes their stored length
 * @param problems how many were not whole, missing or could not be read
 * @param findings what was wrong; at most {@link #MAX_FINDINGS} of them
 */
public record ScrubRecord(
        long number,
        long pass,
        Instant begun,
        Instant recorded,
        String after,
        String through,
        List<String> copies,
        long objects,
        long bytes,
        long problems,
        List<CopyFinding> findings) {
    /** How many findings a record lists; {@code problems} counts all. */
    public static final int MAX_FINDINGS = 256;

    public ScrubRecord {
        copies = List.copyOf(copies);
        findings = List.copyOf(findings);
        if (number < 0 || pass < 1 || findings.size() > MAX_FINDINGS || copies.isEmpty()) {
            throw new IllegalArgumentException("scrub record " + number + " of pass " + pass + " with "
                    + findings.size() + " findings and " + copies.size() + " copies");
        }
    }

    /** Whether it reached the end of all names. */
    public boolean ended() {
        return through.isEmpty();
    }
}
