package io.isochron.app;

import io.isochron.store.Repository;
import io.isochron.upkeep.Compaction;
import io.isochron.upkeep.CompactionOptions;
import io.isochron.upkeep.CompactionSummary;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Makes few larger WAL objects of many small ones. */
@picocli.CommandLine.Command(
        name = "compact",
        description = "Makes few larger WAL objects of many small ones. A dry run unless --apply.",
        sortOptions = false,
        footer = {
            "",
            "What is restored, verified and found stays the same, also while this runs; capture and restores go",
            "on. Small objects are removed only after the larger one was read back and compared with them.",
            "It can be stopped anywhere and run again. Where the store does not let objects be removed yet, it",
            "says so and leaves the rest for a later run. Needs the right to delete; see docs/object-stores.md.",
            "",
            "Example:",
            "  isochron compact",
            "  isochron compact --apply"
        })
final class CompactCommand extends Command {
    private final Cancellation cancellation;

    @Option(names = "--apply", description = "Do it. Without it nothing is changed.")
    boolean apply;

    @Option(
            names = "--size",
            paramLabel = "MIB",
            description = "Longest object to make, 1 to 64 MiB of WAL. Memory grows with it. Default: 16.")
    int size = 16;

    @Option(names = "--settle", paramLabel = "TIME", description = "How old WAL must be, at least 1m. Default: 10m.")
    String settle = "10m";

    CompactCommand(Host host, Cancellation cancellation) {
        super(host);
        this.cancellation = cancellation;
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Duration settled = Options.duration("--settle", settle);
        if (settled.compareTo(CompactionOptions.SETTLE_MIN) < 0 || size < 1 || size > 64) {
            throw new AppException(
                    ExitCode.USAGE,
                    "--settle is " + settle + " and --size " + size,
                    "give at least 1m, and 1 to 64 MiB.");
        }
        CompactionOptions options =
                CompactionOptions.defaults().withPieceBytes(size << 20).withSettle(settled);
        Repository repository = apply ? repositoryToContinue() : repository();
        if (apply) {
            begin(repository);
        }
        Compaction compaction = new Compaction(repository, options, host.clock().instant());
        CompactionSummary plan;
        CompactionSummary summary;
        try (Progress progress = progress()) {
            plan = compaction.plan();
            summary = apply ? run(compaction, plan, progress) : plan;
        } catch (IOException e) {
            if (cancellation.requested()) {
                throw cancelled();
            }
            throw e;
        }
        output().result(result(summary), text(summary));
        if (summary.cancelled()) {
            throw cancelled();
        }
        return summary.problems().isEmpty() ? ExitCode.OK : ExitCode.DAMAGED;
    }

    private CompactionSummary run(Compaction compaction, CompactionSummary plan, Progress progress) throws IOException {
        long began = System.nanoTime();
        return compaction.run(plan, cancellation::requested, now -> {
            long total = Math.max(now.totalBytes(), now.bytes());
            long leftMillis =
                    (long) ((System.nanoTime() - began) / 1e6 / Math.max(1, now.bytes()) * (total - now.bytes()));
            progress.show("shard " + now.shard() + ": " + Units.bytes(now.bytes()) + " of " + Units.bytes(total) + ", "
                    + now.removed() + " objects removed, about " + Units.millis(leftMillis) + " left");
        });
    }

    private static AppException cancelled() {
        return new AppException(
                ExitCode.CANCELLED, "compaction was cancelled", "everything can be read; run it again to go on.");
    }

    private List<String> text(CompactionSummary summary) {
        List<List<String>> table = new ArrayList<>();
        table.add(List.of(
                "SHARD",
                "TIMELINE",
                "OBJECTS",
                apply ? "REMOVED" : "TO REMOVE",
                apply ? "WRITTEN" : "TO WRITE",
                "WAL READ"));
        for (CompactionSummary.Timeline one : summary.timelines()) {
            table.add(List.of(
                    one.shard(),
                    Integer.toUnsignedString(one.timeline()),
                    Long.toString(one.pieces()),
                    Long.toString(one.removed()),
                    Long.toString(one.written()),
                    Units.bytes(one.bytes())));
        }
        List<String> text = new ArrayList<>(Output.table(table));
        for (String problem : summary.problems()) {
            text.add("not compacted: " + problem.replace("\nhint: ", "; "));
        }
        for (String kept : summary.kept()) {
            text.add("the store removes nothing further here: " + kept.replace("\nhint: ", "; "));
        }
        if (!apply) {
            text.add("nothing was changed; --apply does it");
        }
        return text;
    }

    private Map<String, @Nullable Object> result(CompactionSummary summary) {
        List<Object> timelines = new ArrayList<>();
        for (CompactionSummary.Timeline one : summary.timelines()) {
            timelines.add(Json.object(
                    "shard", one.shard(),
                    "timeline", Integer.toUnsignedLong(one.timeline()),
                    "objects", one.pieces(),
                    "removed", one.removed(),
                    "written", one.written(),
                    "walBytes", one.bytes(),
                    "problems", one.problems(),
                    "kept", one.kept()));
        }
        return Json.object(
                "applied", apply, "removed", summary.removed(), "written", summary.written(), "timelines", timelines);
    }
}
