package io.isochron.app;

import io.isochron.chronicle.RecoverableRange;
import io.isochron.store.Coverage;
import io.isochron.store.VerifySummary;
import io.isochron.upkeep.Evidence;
import io.isochron.upkeep.Verdict;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which moments can be restored, and how recently that was proven, for people and for programs. */
final class VerdictText {
    private static final int NAMES_SHOWN = 3;

    private VerdictText() {}

    /** How much of all was read: {@code 412 of 8,000 objects, 1.20 GiB of 23.0 GiB (5.2 %)}. */
    static String coverage(Coverage coverage) {
        return coverage.objectsRead() + " of " + coverage.objects() + " objects, " + Units.bytes(coverage.bytesRead())
                + " of " + Units.bytes(coverage.bytes()) + " (" + percent(coverage) + " %)";
    }

    /** Never rounded up to all. */
    private static String percent(Coverage coverage) {
        double percent = Math.floor(coverage.percent() * 10) / 10;
        return String.format(Locale.ROOT, percent == 100 ? "%.0f" : "%.1f", percent);
    }

    static Map<String, @Nullable Object> json(Coverage coverage) {
        return Json.object(
                "objects", coverage.objects(),
                "bytes", coverage.bytes(),
                "objectsRead", coverage.objectsRead(),
                "bytesRead", coverage.bytesRead(),
                "percentOfBytes", coverage.percent());
    }

    static Map<String, @Nullable Object> json(VerifySummary summary) {
        Map<String, @Nullable Object> kinds = Json.object();
        summary.kinds().forEach((kind, coverage) -> kinds.put(kind, json(coverage)));
        return kinds;
    }

    static List<String> text(Verdict verdict, Evidence evidence, Instant now) {
        List<String> lines = new ArrayList<>();
        if (!verdict.unknown().isEmpty()) {
            lines.add("restorable: cannot be told: " + verdict.unknown());
        } else if (verdict.restorable().isEmpty()) {
            lines.add("restorable: nothing");
        }
        Map<Instant, Verdict.Moment> single = new HashMap<>();
        verdict.moments().forEach(one -> single.put(one.moment(), one));
        for (RecoverableRange range : verdict.restorable()) {
            Verdict.Moment one = range.from().equals(range.to()) ? single.get(range.from()) : null;
            lines.add("restorable: " + range.from() + (one == null ? " to " + range.to() : " (" + one.rule() + ")"));
        }
        for (Verdict.Loss except : verdict.except()) {
            List<String> because = except.because();
            Verdict.Moment one = except.from().equals(except.to()) ? single.get(except.from()) : null;
            lines.add("    except: " + except.from()
                    + (one == null ? " to " + except.to() : " (" + one.rule() + ")") + ", because of "
                    + String.join(", ", because.subList(0, Math.min(NAMES_SHOWN, because.size())))
                    + (because.size() > NAMES_SHOWN ? " and " + (because.size() - NAMES_SHOWN) + " more" : ""));
        }
        lines.add("proven:     "
                + ago(
                        evidence.wholeRead(),
                        now,
                        "everything was last read and found whole ",
                        "no earlier verification is known to have read everything and found it whole"));
        if (evidence.damageFound() != null) {
            lines.add("            "
                    + ago(evidence.damageFound(), now, "a verification found damage ", "")
                    + ", and none has read everything and found it whole since");
        }
        lines.add("            "
                + ago(
                        evidence.restore(),
                        now,
                        "a restore last held all its proofs ",
                        "no restore is known to have held all its proofs")
                + (evidence.restored().isEmpty() ? "" : ", to " + evidence.restored()));
        return lines;
    }

    private static String ago(@Nullable Instant when, Instant now, String known, String otherwise) {
        return when == null
                ? otherwise
                : known + "at " + when + " ("
                        + Units.millis(Math.max(
                                0, java.time.Duration.between(when, now).toMillis())) + " ago)";
    }

    static Map<String, @Nullable Object> json(Verdict verdict, Evidence evidence) {
        return Json.object(
                "restorable",
                verdict.unknown().isEmpty()
                        ? verdict.restorable().stream()
                                .map(range -> Json.object("from", range.from(), "to", range.to()))
                                .toList()
                        : null,
                "except",
                verdict.except().stream()
                        .map(except ->
                                Json.object("from", except.from(), "to", except.to(), "because", except.because()))
                        .toList(),
                "moments",
                verdict.moments().stream()
                        .map(one -> Json.object(
                                "moment", one.moment(),
                                "rule", one.rule(),
                                "restorable", one.restorable(),
                                "because", one.because()))
                        .toList(),
                "unknown",
                verdict.unknown().isEmpty() ? null : verdict.unknown(),
                "lastWholeRead",
                evidence.wholeRead(),
                "damageFound",
                evidence.damageFound(),
                "lastRestore",
                evidence.restore(),
                "lastRestoreTarget",
                evidence.restored().isEmpty() ? null : evidence.restored());
    }
}
