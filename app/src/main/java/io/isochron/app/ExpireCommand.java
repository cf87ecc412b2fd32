package io.isochron.app;

import io.isochron.objects.LockRenewal;
import io.isochron.store.Garbage;
import io.isochron.store.LeaseHolder;
import io.isochron.store.Repository;
import io.isochron.store.RetentionRecord.KeptMoment;
import io.isochron.upkeep.Expiry;
import io.isochron.upkeep.ExpiryPlan;
import io.isochron.upkeep.ExpiryReport;
import io.isochron.upkeep.Removable;
import io.isochron.upkeep.StorageForecast;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Gives up what the retention does not promise. */
@picocli.CommandLine.Command(
        name = "expire",
        description = "Gives up what the objectives do not promise to keep. A dry run unless --apply.",
        sortOptions = false,
        footer = {
            "",
            "What is kept is computed from `objectives` alone: any second of `retention`, one moment of each day, week",
            "or month for `daily`, `weekly`, `monthly`, everything `buffer` longer. Time counts back from the least of the",
            "clocks of this host, of capture and of most shards, and stands still while nothing is archived.",
            "The decision is recorded before anything is removed; a run that was killed is finished by the next one.",
            "What a restore is reading, and what is being written, stays. `isochron why OBJECT` explains.",
            "",
            "Example:",
            "  isochron expire",
            "  isochron expire --apply"
        })
final class ExpireCommand extends Command {
    private final Cancellation cancellation;

    @Option(names = "--apply", description = "Do it. Without it nothing is changed.")
    boolean apply;

    @Option(
            names = "--promise-less",
            description = "The objectives promise less than the repository was told before, and that is meant.")
    boolean promiseLess;

    @Option(
            names = "--price",
            paramLabel = "N",
            description = "Price of a GiB stored for a month, to forecast the cost.")
    @Nullable
    Double price;

    ExpireCommand(Host host, Cancellation cancellation) {
        super(host);
        this.cancellation = cancellation;
    }

    @Override
    ExitCode run() throws AppException, IOException {
        if (price != null && !(price >= 0 && price < 1e6)) {
            throw new AppException(
                    ExitCode.USAGE,
                    "--price is " + price + ", which is no price",
                    "give that of a GiB and month: 0.023.");
        }
        Repository repository = repository();
        Expiry expiry = new Expiry(repository, dialect(), LeaseHolder.self(host.name(), Cli.version()), host.clock());
        if (!apply) {
            ExpiryPlan plan = expiry.plan(config().objectives().retention(), promiseLess);
            StorageForecast forecast = StorageForecast.read(
                    repository, plan.record().promise(), plan.record().counted());
            List<String> text = text(plan);
            text.addAll(text(forecast));
            text.add("would be removed: " + count(plan.removable().all()) + parts(plan.removable()));
            text.add("nothing was changed; --apply does it");
            Map<String, @Nullable Object> json = json(plan, null);
            json.putAll(json(forecast));
            output().result(json, text);
            return ExitCode.OK;
        }
        begin(repository);
        ExpiryReport report;
        long began = System.nanoTime();
        try (Progress progress = progress()) {
            report = expiry.apply(
                    config().objectives().retention(),
                    promiseLess,
                    (done, total) -> progress.show(progress(done, total, System.nanoTime() - began)),
                    cancellation::requested);
        }
        List<String> text = text(report.plan());
        text.add("removed: " + count(report.removed().all()) + parts(report.removed()));
        if (report.refused().all().objects() > 0) {
            text.add("NOT removed, since the store does not let go of it: "
                    + count(report.refused().all()) + parts(report.refused()));
            report.refusals()
                    .forEach(line -> text.add("  " + line.lines().findFirst().orElse("")));
            text.add("The next expiry tries again.");
        }
        LockRenewal.Summary locks = report.locks();
        if (locks != null) {
            text.add("locks of what is kept: " + locks.extended() + " renewed, " + locks.longEnough()
                    + " last long enough");
        }
        output().result(json(report.plan(), report), text);
        return ExitCode.OK;
    }

    private static String progress(Removable.Count done, Removable.Count total, long nanos) {
        long left = done.objects() == 0
                ? 0
                : nanos / 1_000_000 * Math.max(0, total.objects() - done.objects()) / done.objects();
        return "removed " + done.objects() + " of " + total.objects() + " objects, " + Units.bytes(done.bytes()) + ", "
                + Units.millis(left) + " left";
    }

    private static String count(Removable.Count count) {
        return count.objects() + " objects, " + Units.bytes(count.bytes());
    }

    private static String parts(Removable removable) {
        List<String> parts = new ArrayList<>();
        for (Garbage.Part part : Garbage.Part.values()) {
            Removable.Count count = removable.of(part);
            if (count.objects() > 0) {
                parts.add(part.name().toLowerCase(Locale.ROOT) + " " + count.objects());
            }
        }
        return parts.isEmpty() ? "" : " (" + String.join(", ", parts) + ")";
    }

    private static List<String> text(ExpiryPlan plan) {
        List<String> lines = new ArrayList<>();
        lines.add("promise     " + plan.record().promise().describe());
        lines.add(
                "counted     from " + plan.record().counted() + ", so every moment from " + plan.windowFrom() + " on");
        lines.add(
                plan.record().continuous() == null
                        ? "kept        everything: no snapshot serves the beginning of the window yet"
                        : "kept        every moment from " + plan.record().continuous() + " on");
        for (KeptMoment kept : plan.record().moments()) {
            lines.add("kept        " + kept.moment() + " (" + kept.rule() + ", snapshot " + kept.snapshot() + ")");
        }
        lines.add("snapshots   " + plan.kept().size() + " kept, "
                + plan.record().dropped().size() + " given up"
                + (plan.record().unpublished().isEmpty()
                        ? ""
                        : ", " + plan.record().unpublished().size() + " not published"));
        if (plan.pinned() > 0) {
            lines.add("being read  by " + plan.pinned() + (plan.pinned() == 1 ? " restore" : " restores")
                    + ": what they need stays");
        }
        for (String id : plan.abandoned()) {
            lines.add("abandoned   snapshot " + id + ": begun, not published, and it has not grown for a day");
        }
        plan.warnings().forEach(warning -> lines.add("WARNING     " + warning));
        return lines;
    }

    /** It lists every object once, which an expiry that does its work does not wait for. */
    private List<String> text(StorageForecast forecast) {
        List<String> lines = new ArrayList<>();
        lines.add("stored      " + count(forecast.all()) + cost(forecast.all().bytes()));
        lines.add("log volume  " + Units.bytes(forecast.walPerDay()) + " of WAL a day, stored as "
                + Units.bytes(forecast.storedPerDay()) + " (from the last "
                + Units.millis(forecast.observed().toMillis()) + ")");
        lines.add("forecast    " + Units.bytes(forecast.steady()) + " once as much goes as comes"
                + cost(forecast.steady())
                + (forecast.snapshotEvery().isZero()
                        ? ""
                        : ", with a snapshot of " + Units.bytes(forecast.snapshotBytes()) + " every "
                                + Units.millis(forecast.snapshotEvery().toMillis())));
        return lines;
    }

    private String cost(long bytes) {
        Double of = price;
        return of == null ? "" : String.format(Locale.ROOT, ", %.2f a month", of * bytes / (1024.0 * 1024 * 1024));
    }

    private static Map<String, @Nullable Object> json(ExpiryPlan plan, @Nullable ExpiryReport report) {
        List<Object> moments = new ArrayList<>();
        for (KeptMoment kept : plan.record().moments()) {
            moments.add(Json.object("moment", kept.moment(), "rule", kept.rule(), "snapshot", kept.snapshot()));
        }
        Removable.Count removable = plan.removable().all();
        return Json.object(
                "applied", report != null,
                "record", plan.record().number(),
                "promise", plan.record().promise().describe(),
                "counted", plan.record().counted(),
                "windowFrom", plan.windowFrom(),
                "continuous", plan.record().continuous(),
                "moments", moments,
                "snapshotsKept", plan.kept().size(),
                "snapshotsGivenUp", plan.record().dropped(),
                "abandoned", plan.abandoned(),
                "pinned", plan.pinned(),
                "warnings", plan.warnings(),
                "clocks", plan.clocks(),
                "removableObjects", removable.objects(),
                "removableBytes", removable.bytes(),
                "removedObjects", report == null ? 0 : report.removed().all().objects(),
                "removedBytes", report == null ? 0 : report.removed().all().bytes(),
                "refusedObjects", report == null ? 0 : report.refused().all().objects(),
                "refusals", report == null ? List.of() : report.refusals(),
                "locksRenewed",
                        report == null || report.locks() == null
                                ? null
                                : report.locks().extended());
    }

    private Map<String, @Nullable Object> json(StorageForecast forecast) {
        return Json.object(
                "storedObjects", forecast.all().objects(),
                "storedBytes", forecast.all().bytes(),
                "walBytesPerDay", forecast.walPerDay(),
                "storedBytesPerDay", forecast.storedPerDay(),
                "snapshotBytes", forecast.snapshotBytes(),
                "snapshotEverySeconds", forecast.snapshotEvery().toSeconds(),
                "forecastBytes", forecast.steady(),
                "forecastCost", price == null ? null : price * forecast.steady() / (1024.0 * 1024 * 1024),
                "observedSeconds",
                        Duration.ofMillis(forecast.observed().toMillis()).toSeconds());
    }
}
