package io.isochron.app;

import io.isochron.restore.PlannedDecision;
import io.isochron.restore.RestorePlan;
import io.isochron.restore.ShardPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows a plan. */
final class PlanText {
    private PlanText() {}

    static List<String> text(RestorePlan plan) {
        List<String> lines = new ArrayList<>();
        lines.add("plan " + plan.id() + " for cluster " + plan.clusterName());
        lines.add("asked for   " + plan.target());
        if (plan.moment() != null) {
            lines.add("moment      " + plan.moment());
        }
        lines.add("grade       " + plan.grade() + ", single-shard commits placed to within "
                + Units.millis(Math.max(1, plan.epsilonMicros() / 1000)));
        lines.add("work        " + Units.bytes(plan.fetchBytes()) + " to fetch, " + Units.bytes(plan.replayBytes())
                + " of WAL to replay, about " + Units.millis(plan.estimatedMillis()) + ", "
                + Units.bytes(plan.requiredBytes()) + " of space");
        plan.passedOver().forEach(passed -> lines.add("passed over " + passed));
        lines.add("");
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("SHARD", "SNAPSHOT", "CONSISTENT", "BOUNDARY", "TIMELINE", "FETCH", "REPLAY", "IN DOUBT"));
        for (ShardPlan shard : plan.shards()) {
            long commits =
                    shard.decisions().stream().filter(PlannedDecision::commit).count();
            table.add(List.of(
                    shard.shard(),
                    shard.snapshotId(),
                    shard.consistent().toString(),
                    shard.boundary().toString(),
                    Integer.toString(shard.timeline()),
                    Units.bytes(shard.snapshotBytes()),
                    Units.bytes(shard.walBytes()),
                    commits + " commit, " + (shard.decisions().size() - commits) + " roll back"));
        }
        lines.addAll(Output.table(table));
        if (!plan.lateCommits().isEmpty()) {
            lines.add("");
            lines.add("commits at or before the moment that lie behind their shard's boundary and are left out:");
            plan.lateCommits().forEach(late -> lines.add("  " + late));
        }
        return lines;
    }

    static Map<String, @Nullable Object> json(RestorePlan plan) {
        List<Object> shards = new ArrayList<>();
        for (ShardPlan shard : plan.shards()) {
            List<Object> decisions = new ArrayList<>();
            for (PlannedDecision decision : shard.decisions()) {
                decisions.add(Json.object(
                        "gid", decision.gid(),
                        "xid", Integer.toUnsignedLong(decision.xid()),
                        "commit", decision.commit(),
                        "reason", decision.reason()));
            }
            shards.add(Json.object(
                    "shard", shard.shard(),
                    "snapshot", shard.snapshotId(),
                    "consistent", shard.consistent(),
                    "boundary", shard.boundary(),
                    "timeline", shard.timeline(),
                    "fetchBytes", shard.snapshotBytes(),
                    "replayBytes", shard.walBytes(),
                    "decisions", decisions));
        }
        return Json.object(
                "plan", plan.id(),
                "cluster", plan.clusterName(),
                "target", plan.target(),
                "moment", plan.moment(),
                "grade", plan.grade(),
                "epsilonMicros", plan.epsilonMicros(),
                "lateCommits", plan.lateCommits(),
                "fetchBytes", plan.fetchBytes(),
                "replayBytes", plan.replayBytes(),
                "requiredBytes", plan.requiredBytes(),
                "estimatedMillis", plan.estimatedMillis(),
                "passedOver", plan.passedOver(),
                "shards", shards);
    }
}
