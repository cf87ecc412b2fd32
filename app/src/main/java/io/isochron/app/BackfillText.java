package io.isochron.app;

import io.isochron.handover.BackfillReport;
import io.isochron.handover.BackfillReport.ShardResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows what a back-fill found and did. */
final class BackfillText {
    private BackfillText() {}

    static List<String> text(BackfillReport report) {
        List<String> lines = new ArrayList<>();
        report.settled().forEach(lines::add);
        lines.add("table " + report.table() + ": " + report.total(ShardResult::inserted)
                + (report.applied() ? " rows given back, " : " rows would be given back, ")
                + report.total(ShardResult::setBack) + (report.applied() ? " set back, " : " would be set back, ")
                + report.total(ShardResult::conflicts) + " conflicts left alone, in "
                + Units.millis(report.elapsedMicros() / 1000));
        lines.add("");
        List<List<String>> table = new ArrayList<>();
        table.add(List.of(
                "SHARD",
                "RESTORED",
                "LIVE",
                "MISSING",
                "LEFT DELETED",
                report.applied() ? "GIVEN BACK" : "TO GIVE BACK",
                "PRESENT MEANWHILE",
                "DIFFERING",
                "SET BACK",
                "CONFLICTS",
                "ONLY LIVE"));
        for (ShardResult shard : report.shards()) {
            List<String> row = new ArrayList<>();
            row.add(shard.shard());
            for (long count : new long[] {
                shard.restoredRows(), shard.liveRows(), shard.missing(), shard.leftDeleted(), shard.inserted(),
                shard.presentMeanwhile(), shard.differing(), shard.setBack(), shard.conflicts(), shard.onlyLive()
            }) {
                row.add(Long.toString(count));
            }
            table.add(row);
        }
        lines.addAll(Output.table(table));
        for (ShardResult shard : report.shards()) {
            if (!shard.conflictExamples().isEmpty()) {
                lines.add("left alone on shard " + shard.shard() + ", for example: "
                        + String.join(" ", shard.conflictExamples()));
            }
        }
        report.notes().forEach(lines::add);
        if (!report.applied()) {
            lines.add("");
            lines.add("Nothing was changed. Give the same command with --apply to write.");
        }
        return lines;
    }

    static Map<String, @Nullable Object> json(BackfillReport report) {
        List<Object> shards = new ArrayList<>();
        for (ShardResult shard : report.shards()) {
            shards.add(Json.object(
                    "shard", shard.shard(),
                    "restoredRows", shard.restoredRows(),
                    "liveRows", shard.liveRows(),
                    "missing", shard.missing(),
                    "leftDeleted", shard.leftDeleted(),
                    "inserted", shard.inserted(),
                    "presentMeanwhile", shard.presentMeanwhile(),
                    "differing", shard.differing(),
                    "setBack", shard.setBack(),
                    "conflicts", shard.conflicts(),
                    "onlyLive", shard.onlyLive(),
                    "conflictExamples", shard.conflictExamples()));
        }
        return Json.object(
                "id", report.id(),
                "table", report.table(),
                "applied", report.applied(),
                "inserted", report.total(ShardResult::inserted),
                "setBack", report.total(ShardResult::setBack),
                "conflicts", report.total(ShardResult::conflicts),
                "columns", report.columns(),
                "notes", report.notes(),
                "settled", report.settled(),
                "millis", report.elapsedMicros() / 1000,
                "shards", shards);
    }
}
