package io.isochron.app;

import io.isochron.restore.PhaseTime;
import io.isochron.restore.Proof;
import io.isochron.restore.RestorePlan;
import io.isochron.restore.RestoreReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows what a restore did and proved. */
final class ReportText {
    private ReportText() {}

    static List<String> text(RestorePlan plan, RestoreReport report, Config.Objectives objectives, boolean stopped) {
        List<String> lines = new ArrayList<>();
        boolean held = report.proofs().held();
        lines.add((held ? "restored and proven" : "RESTORED, BUT NOT PROVEN") + ": cluster " + plan.clusterName()
                + " at "
                + (plan.moment() == null ? plan.target() : plan.moment().toString()) + ", grade " + plan.grade());
        lines.add("directory   " + report.target());
        lines.add("took        " + Units.millis(report.millis()) + " (objective "
                + Units.millis(objectives.rto().toMillis())
                + "), " + Units.bytes(report.fetchedBytes()) + " fetched, " + Units.bytes(report.replayedBytes())
                + " of WAL replayed");
        plan.passedOver().forEach(passed -> lines.add("passed over " + passed));
        lines.add("");
        List<List<String>> proofs = new ArrayList<>();
        proofs.add(List.of("PROOF", "OF", "OUTCOME", "DETAIL"));
        for (Proof proof : report.proofs().proofs()) {
            proofs.add(List.of(proof.name(), proof.subject(), outcome(proof.outcome()), proof.detail()));
        }
        lines.addAll(Output.table(proofs));
        lines.add("");
        List<List<String>> phases = new ArrayList<>();
        phases.add(List.of("PHASE", "SHARD", "TIME"));
        for (PhaseTime phase : report.phases()) {
            phases.add(List.of(lower(phase.phase()), phase.shard(), Units.millis(phase.millis())));
        }
        lines.addAll(Output.table(phases));
        lines.add("");
        if (stopped) {
            lines.add(
                    "The servers are stopped; `isochron restored " + report.target() + " --start` starts them again.");
        } else {
            lines.add("The servers run, read-only. On this host:");
            report.connections().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(entry -> lines.add("  " + entry.getKey() + "  psql \"" + entry.getValue() + "\""));
        }
        return lines;
    }

    static Map<String, @Nullable Object> json(RestorePlan plan, RestoreReport report) {
        List<Object> proofs = new ArrayList<>();
        for (Proof proof : report.proofs().proofs()) {
            proofs.add(Json.object(
                    "name", proof.name(),
                    "subject", proof.subject(),
                    "outcome", outcome(proof.outcome()),
                    "detail", proof.detail(),
                    "millis", proof.millis()));
        }
        List<Object> phases = new ArrayList<>();
        for (PhaseTime phase : report.phases()) {
            phases.add(Json.object("phase", lower(phase.phase()), "shard", phase.shard(), "millis", phase.millis()));
        }
        return Json.object(
                "plan", PlanText.json(plan),
                "target", report.target(),
                "held", report.proofs().held(),
                "millis", report.millis(),
                "fetchedBytes", report.fetchedBytes(),
                "replayedBytes", report.replayedBytes(),
                "connections", report.connections(),
                "proofs", proofs,
                "phases", phases);
    }

    private static String outcome(Proof.Outcome outcome) {
        return lower(outcome).replace('_', ' ');
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(java.util.Locale.ROOT);
    }
}
