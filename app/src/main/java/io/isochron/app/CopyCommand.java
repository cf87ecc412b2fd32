package io.isochron.app;

import io.isochron.objects.CrashPoint;
import io.isochron.objects.ReplicatedStore;
import io.isochron.objects.ReplicatedStore.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Fills a copy of the repository from the others. */
@picocli.CommandLine.Command(
        name = "copy",
        description = "Compares the copies of the repository, and fills one from the others.",
        sortOptions = false,
        footer = {
            "",
            "Without --to it says how many objects each copy lacks, and changes nothing. With --to it places them;",
            "a new place becomes a copy this way, and counts as one when it has everything. It can be broken off",
            "and run again. What a copy has is left as it is: `isochron verify --repair` looks at that.",
            "",
            "Example:",
            "  isochron copy --to far"
        })
final class CopyCommand extends Command {
    private final Cancellation cancellation;

    @Option(names = "--to", paramLabel = "NAME", description = "The copy to fill.")
    String to = "";

    CopyCommand(Host host, Cancellation cancellation) {
        super(host);
        this.cancellation = cancellation;
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Placement placement = placement();
        if (placement.inOnePlace()) {
            throw new AppException(
                    ExitCode.USAGE,
                    "the repository is in one place: " + placement.describe(),
                    "list its copies under repository.copies in the configuration.");
        }
        return to.isEmpty() ? compare() : fill(placement);
    }

    private ExitCode compare() throws AppException, IOException {
        Map<String, Long> lacking = new LinkedHashMap<>();
        try (ReplicatedStore store = stores().copies(Role.READER)) {
            store.copies().keySet().forEach(copy -> lacking.put(copy, 0L));
            store.compare((copy, _) -> lacking.merge(copy, 1L, Long::sum));
        }
        List<String> text = new ArrayList<>();
        List<Object> json = new ArrayList<>();
        lacking.forEach((copy, objects) -> {
            text.add("copy " + copy + ": "
                    + (objects == 0 ? "lacks nothing" : "lacks " + objects + " objects that another copy has"));
            json.add(Json.object("copy", copy, "lacks", objects));
        });
        if (lacking.values().stream().anyMatch(objects -> objects > 0)) {
            text.add("While capture runs, objects on their way count too. Fill a copy with `isochron copy --to NAME`.");
        }
        resultWithStores(Json.object("copies", json), text);
        return ExitCode.OK;
    }

    private ExitCode fill(Placement placement) throws AppException, IOException {
        Placement.Copy copy = placement
                .copy(to)
                .orElseThrow(() -> new AppException(
                        ExitCode.USAGE,
                        "--to is " + to + ", which is not a copy",
                        "the copies are " + placement.describe() + "."));
        // a place is not made ready for a repository that the others do not hold
        begin(repositoryIn(placement.without(to), Role.READER));
        stores().prepare(copy);
        CrashPoint.reached("copy.prepared");
        long placed;
        try (Progress progress = progress();
                ReplicatedStore store = stores().copies(Role.READER)) {
            placed = fill(store, progress);
            // the copy gets what was written meanwhile too, the end of this in the audit log included
            end(ExitCode.OK, "");
            CrashPoint.reached("copy.noted");
            placed += fill(store, progress);
        } catch (IOException e) {
            if (cancellation.requested()) {
                throw new AppException(
                        ExitCode.CANCELLED,
                        "filling copy " + to + " was cancelled",
                        "what was placed stays; run it again to go on.");
            }
            throw e;
        }
        resultWithStores(
                Json.object("copy", to, "placed", placed),
                List.of("copy " + to + ": " + placed + " objects placed; it has what the others have"));
        return ExitCode.OK;
    }

    private long fill(ReplicatedStore store, Progress progress) throws IOException {
        return store.fill(to, cancellation::requested, compared -> progress.show("compared " + compared + " objects"));
    }
}
