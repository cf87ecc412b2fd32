package io.isochron.upkeep;

import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.store.ScrubRecord;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How long ago scrubs have read what is in a repository, by their records.
 *
 * @param readSince every object that was there at this moment has been read since, in every copy; null if there is a part that no scrub has read yet
 * @param unreadAfter if so, the name behind which nothing was read yet; empty if nothing at all was
 * @param pass the pass that is under way or ended last; 0 if there was none
 * @param last when a scrub last recorded what it read; null if none did
 * @param findings what was not whole when it was last read, and has not been read again since
 * @param moreProblems how many problems were found besides that are not listed
 */
public record ScrubState(
        @Nullable Instant readSince,
        String unreadAfter,
        long pass,
        @Nullable Instant last,
        List<CopyFinding> findings,
        long moreProblems) {
    public ScrubState {
        findings = List.copyOf(findings);
    }

    /**
     * Reads as many records as one turn through all names took, newest first.
     *
     * @param copies the names of all copies; a record that lacks one says nothing
     */
    public static ScrubState of(Repository repository, List<String> copies) throws IOException {
        Optional<ScrubRecord> newest = repository.scrubs().newest();
        if (newest.isEmpty()) {
            return new ScrubState(null, "", 0, null, List.of(), 0);
        }
        ScrubRecord last = newest.get();
        // names behind the cursor were read in the pass before it
        String cursor = last.through();
        Instant since = last.begun();
        List<CopyFinding> findings = new ArrayList<>();
        long more = 0;
        boolean whole = false;
        String unreadAfter = cursor;
        ScrubRecord record = last;
        while (record.copies().containsAll(copies)) {
            boolean former = record.pass() < last.pass();
            for (CopyFinding finding : record.findings()) {
                if (!former || finding.finding().object().compareTo(cursor) > 0) {
                    findings.add(finding);
                }
            }
            more += record.problems() - record.findings().size();
            since = record.begun().isBefore(since) ? record.begun() : since;
            boolean turned = former
                    ? record.after().compareTo(cursor) <= 0
                    : record.after().isEmpty() && last.ended();
            if (turned) {
                whole = true;
                break;
            }
            if (record.number() == 0) {
                break;
            }
            record = repository.scrubs().read(record.number() - 1);
        }
        if (!last.copies().containsAll(copies)) {
            unreadAfter = "";
        }
        return new ScrubState(
                whole ? since : null, whole ? "" : unreadAfter, last.pass(), last.recorded(), findings, more);
    }
}
