package io.isochron.app;

import io.isochron.restore.RestorePlan;
import io.isochron.restore.RestorePlanner;
import io.isochron.store.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Computes the cut for a moment and says what a restore would do. */
@picocli.CommandLine.Command(
        name = "plan",
        description = "Computes the cut for a moment and what restoring it takes. Restores nothing.",
        sortOptions = false,
        footer = {
            "",
            "A moment that cannot be reached is refused (exit code 4) with the nearest ones that can.",
            "",
            "Example:",
            "  isochron plan --target 2026-11-22T14:03:07+01:00",
            "  isochron plan --target before:a:74113 --save incident.plan"
        })
final class PlanCommand extends Command {
    @Mixin
    TargetOptions target = new TargetOptions();

    @Mixin
    SnapshotOptions snapshots = new SnapshotOptions();

    @Option(names = "--save", paramLabel = "FILE", description = "Write the plan to a new file, for restore --plan.")
    @Nullable
    Path save;

    PlanCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Repository repository = repository();
        begin(repository);
        RestorePlan plan = new RestorePlanner(repository)
                .plan(
                        target.target(repository, host),
                        target.options(dialect()).withSnapshots(snapshots.choice(repository, copies())));
        List<String> text = new ArrayList<>(PlanText.text(plan));
        if (save != null) {
            Files.write(
                    host.directory().resolve(save),
                    plan.toJson(),
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
            text.add("");
            text.add("Next: isochron restore --plan " + save + " --to DIRECTORY");
        }
        output().result(PlanText.json(plan), text);
        return ExitCode.OK;
    }
}
