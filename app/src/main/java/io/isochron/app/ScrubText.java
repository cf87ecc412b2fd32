package io.isochron.app;

import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.upkeep.ScrubState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What scrubs have read, for people and for programs. */
final class ScrubText {
    private static final int FINDINGS_SHOWN = 20;

    private ScrubText() {}

    static List<String> text(ScrubState state, Instant now) {
        List<String> lines = new ArrayList<>();
        Instant since = state.readSince();
        if (since != null) {
            lines.add("scrub:      every object that was there at " + since + " ("
                    + Units.millis(Math.max(0, Duration.between(since, now).toMillis()))
                    + " ago) has been read since, in every copy; what was written later may be unread");
        } else if (state.unreadAfter().isEmpty()) {
            lines.add("scrub:      not every object was read yet");
        } else {
            lines.add("scrub:      no scrub has read yet what comes after " + state.unreadAfter());
        }
        for (CopyFinding found : state.findings()
                .subList(0, Math.min(FINDINGS_SHOWN, state.findings().size()))) {
            lines.add("            when last read by a scrub: "
                    + (found.copy().isEmpty() ? found.finding().toString() : found.toString()));
        }
        long more = state.moreProblems() + Math.max(0, state.findings().size() - FINDINGS_SHOWN);
        if (more > 0) {
            lines.add("            and " + more + " problems more");
        }
        return lines;
    }

    static Map<String, @Nullable Object> json(ScrubState state) {
        return Json.object(
                "readSince", state.readSince(),
                "unreadAfter", state.readSince() == null ? state.unreadAfter() : null,
                "pass", state.pass(),
                "last", state.last(),
                "findings", findings(state.findings()),
                "moreProblems", state.moreProblems());
    }

    static List<Map<String, @Nullable Object>> findings(List<CopyFinding> findings) {
        return findings.stream()
                .map(found -> Json.object(
                        "copy", found.copy().isEmpty() ? null : found.copy(),
                        "severity", found.finding().severity().name().toLowerCase(Locale.ROOT),
                        "object", found.finding().object(),
                        "detail", found.finding().detail()))
                .toList();
    }
}
