package io.isochron.app;

import io.isochron.objects.ReplicatedStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryCopies.CopyFinding;
import io.isochron.store.ScrubSource;
import io.isochron.upkeep.Scrub;
import io.isochron.upkeep.ScrubOptions;
import io.isochron.upkeep.ScrubState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Reads the repository little by little. */
@picocli.CommandLine.Command(
        name = "scrub",
        description = "Reads the repository again little by little, what was read longest ago first.",
        sortOptions = false,
        footer = {
            "",
            "Each run goes on where the last one stopped, on whatever host; that is recorded in the repository.",
            "Without limits it reads everything once. Of several copies every one is read. Nothing is repaired:",
            "`isochron verify --repair` does that. Ends with exit code 5 when something is damaged or missing.",
            "",
            "Example:",
            "  isochron scrub --budget 10GiB --rate 20MiB/s"
        })
final class ScrubCommand extends Command {
    private final Cancellation cancellation;

    @Option(names = "--budget", paramLabel = "SIZE", description = "Read at most so much, such as 10GiB.")
    String budget = "";

    @Option(names = "--for", paramLabel = "TIME", description = "Read no longer than this, such as 1h.")
    String time = "";

    @Option(names = "--rate", paramLabel = "SIZE/s", description = "Read no faster than this, such as 20MiB/s.")
    String rate = "";

    @Option(names = "--show", description = "Only show what scrubs have read; read nothing.")
    boolean show;

    ScrubCommand(Host host, Cancellation cancellation) {
        super(host);
        this.cancellation = cancellation;
    }

    @Override
    ExitCode run() throws Exception {
        ScrubOptions options = options();
        Repository repository = repository();
        ReplicatedStore copies = copies();
        ScrubSource source = repository.scrubSource(copies == null ? Map.of() : copies.copies());
        if (show) {
            ScrubState state = ScrubState.of(repository, source.copies());
            output().result(
                            ScrubText.json(state),
                            ScrubText.text(state, host.clock().instant()));
            return state.findings().isEmpty() ? ExitCode.OK : ExitCode.DAMAGED;
        }
        begin(repository);
        Scrub.Result result;
        try (Progress progress = progress()) {
            result = new Scrub(
                            repository,
                            source,
                            host.clock(),
                            Thread::sleep,
                            cancellation::requested,
                            bytes -> progress.show("read " + Units.bytes(bytes)))
                    .run(options);
        }
        ScrubState state = ScrubState.of(repository, source.copies());
        output().result(json(result, state), text(result, state));
        if (result.problems() > 0) {
            return ExitCode.DAMAGED;
        }
        return result.cancelled() ? ExitCode.CANCELLED : ExitCode.OK;
    }

    private ScrubOptions options() throws AppException {
        ScrubOptions options = ScrubOptions.everything();
        try {
            options = budget.isEmpty() ? options : options.withBytes(Units.size(budget));
            options = time.isEmpty() ? options : options.withTime(Units.duration(time));
            if (!rate.isEmpty()) {
                options =
                        options.withRate(Units.size(rate.endsWith("/s") ? rate.substring(0, rate.length() - 2) : rate));
            }
            return options;
        } catch (IllegalArgumentException e) {
            Failure failure = Failure.of(e);
            throw new AppException(ExitCode.USAGE, failure.message(), failure.hint());
        }
    }

    private List<String> text(Scrub.Result result, ScrubState state) throws IOException {
        List<String> text = new ArrayList<>();
        for (CopyFinding found : result.findings()) {
            text.add(found.copy().isEmpty() ? found.finding().toString() : found.toString());
        }
        text.add((result.problems() == 0 ? "whole: " : "DAMAGED: ") + result.objects() + " objects read, "
                + Units.bytes(result.bytes()) + ", " + result.problems() + " problems"
                + (result.cancelled() ? "; cancelled, the next run goes on from there" : ""));
        text.addAll(ScrubText.text(state, host.clock().instant()));
        return text;
    }

    private static Map<String, @org.jspecify.annotations.Nullable Object> json(Scrub.Result result, ScrubState state) {
        return Json.object(
                "objects", result.objects(),
                "bytes", result.bytes(),
                "problems", result.problems(),
                "cancelled", result.cancelled(),
                "records", result.records(),
                "findings", ScrubText.findings(result.findings()),
                "state", ScrubText.json(state));
    }

    /** What is put right by reading would not be found. */
    @Override
    boolean repairsOnReading() {
        return false;
    }
}
