package io.isochron.app;

import io.isochron.capture.CaptureState;
import io.isochron.capture.CaptureStatus;
import io.isochron.capture.ClusterCapture;
import io.isochron.capture.FenceStatus;
import io.isochron.capture.MemberWatch;
import io.isochron.capture.SafeTimeWatch;
import io.isochron.capture.ShardSource;
import io.isochron.objects.ReplicatedStore;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Captures all shards until it is stopped. */
@picocli.CommandLine.Command(
        name = "capture",
        description = "Streams every shard's WAL into the repository until it is stopped (Ctrl-C or SIGTERM).",
        sortOptions = false,
        footer = {
            "",
            "Each shard keeps its WAL in a replication slot for capture; it is created when it is missing.",
            "Nothing is confirmed to a shard before it is durable in the repository. Safe to kill.",
            "Shards that are added or removed meanwhile (`isochron shard`) are noticed within seconds.",
            "Ends with exit code 0 when it was stopped, 1 when a shard's capture failed for good.",
            "",
            "Example:",
            "  isochron capture",
            "  isochron capture --for 10m --output json"
        })
final class CaptureCommand extends Command {
    private static final Duration STEP = Duration.ofMillis(500);
    private static final Duration MEMBERS_EVERY = Duration.ofSeconds(1);

    private final Cancellation cancellation;

    @Option(names = "--for", paramLabel = "TIME", description = "Stop after this long. Default: never.")
    @Nullable
    String limit;

    @Option(names = "--status-every", paramLabel = "TIME", description = "How often a status is shown. Default: 10s.")
    String every = "10s";

    CaptureCommand(Host host, Cancellation cancellation) {
        super(host);
        this.cancellation = cancellation;
    }

    @Override
    ExitCode run() throws AppException, IOException {
        Duration statusEvery = Options.duration("--status-every", every);
        Duration runFor = limit == null ? null : Options.duration("--for", limit);
        long began = System.nanoTime();
        boolean failed;
        if (config().capture().synchronous() != null) {
            // it ends by itself after this process
            WatchdogCommand.start(config());
        }
        Repository repository = repositoryToContinue();
        begin(repository);
        ReplicatedStore copies = copies();
        if (copies != null) {
            // what a copy missed before is not known
            copies.compareAll();
        }
        try (Progress progress = progress();
                ClusterCapture capture = new ClusterCapture(
                        captured(repository, progress),
                        repository,
                        config().capture().options())) {
            capture.start();
            MemberWatch members = new MemberWatch(repository, capture, this::sourcesNow);
            long looked = began;
            long shown = began - statusEvery.toNanos();
            Announcements announcements = new Announcements();
            SafeTimeWatch watch = new SafeTimeWatch(config().capture().options());
            boolean ended = false;
            while (!ended && !cancellation.requested()) {
                long now = System.nanoTime();
                List<CaptureStatus> all = capture.status();
                List<String> changes = watch.look(
                        all.stream().filter(one -> members.counts(one.shard())).toList());
                if (now - looked > MEMBERS_EVERY.toNanos()) {
                    looked = now;
                    members.look().forEach(progress::step);
                }
                if (!output().json()) {
                    announcements.news(all).forEach(progress::step);
                    changes.forEach(progress::step);
                }
                if (output().json() || !host.terminal()) {
                    // programs learn at once, too, that a safe time is late
                    if (now - shown >= statusEvery.toNanos() || !changes.isEmpty()) {
                        shown = now;
                        show(all, watch.late(), capture.fences());
                    }
                } else {
                    progress.show(line(all));
                }
                ended = (runFor != null && now - began >= runFor.toNanos()) || pause(capture);
            }
            // what interrupted the pause must not interrupt the writing of what was received
            Thread.interrupted();
            capture.stop();
            awaitQuietly(capture);
            List<CaptureStatus> all = capture.status();
            watch.look(all.stream().filter(one -> members.counts(one.shard())).toList());
            show(all, watch.late(), capture.fences());
            announcements.news(all).forEach(progress::step);
            storeFigures().text(common.verbose).forEach(progress::step);
            failed = all.stream()
                    .anyMatch(status -> status.state() == CaptureState.FAILED && members.counts(status.shard()));
        }
        return failed ? ExitCode.FAILED : ExitCode.OK;
    }

    /** What is to be captured now; says what of the configuration is not. */
    private List<ShardSource> captured(Repository repository, Progress progress) throws AppException, IOException {
        requireMembers(repository);
        List<ShardSource> captured = new ArrayList<>();
        for (ShardSource source : sources()) {
            if (repository.membership().state(source.name()).isEmpty()) {
                progress.step("shard " + source.name() + " of " + config().file()
                        + " is not a member and not captured; `isochron shard add " + source.name() + "` makes it one");
            } else if (MemberWatch.wanted(repository, source.name())) {
                captured.add(source);
            } else {
                progress.step("shard " + source.name() + " of " + config().file()
                        + " is a member no longer and not captured; it may be taken out there");
            }
        }
        return captured;
    }

    /** Waits a little; true when every shard's capture has ended. */
    private static boolean pause(ClusterCapture capture) {
        try {
            return capture.await(STEP);
        } catch (InterruptedException _) {
            return true;
        }
    }

    private static void awaitQuietly(ClusterCapture capture) {
        try {
            capture.await(Duration.ofMinutes(1));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void show(List<CaptureStatus> all, Set<String> late, Optional<FenceStatus> fences) {
        List<Object> shards = new ArrayList<>();
        for (CaptureStatus status : all) {
            shards.add(Json.object(
                    "name", status.shard(),
                    "state", lower(status.state()),
                    "timeline", status.timeline(),
                    "received", status.receivedLsn(),
                    "archived", status.archivedLsn(),
                    "serverWalEnd", status.serverWalEnd(),
                    "lagBytes", status.lagBytes(),
                    "lagMicros", status.lagMicros(),
                    "safeTime", status.safeTime(),
                    "late", late.contains(status.shard()),
                    "lastError", status.lastError(),
                    "notices", status.notices()));
        }
        Map<String, @Nullable Object> json = Json.object(
                "at",
                host.clock().instant(),
                "shards",
                shards,
                "stores",
                storeFigures().json());
        fences.ifPresent(status -> json.put("fences", fences(status)));
        output().event(
                        json,
                        host.clock().instant() + "  " + line(all)
                                + fences.map(f -> "  fences " + f.taken()).orElse(""));
    }

    private static Object fences(FenceStatus status) {
        return Json.object(
                "taken", status.taken(),
                "abandoned", status.abandoned(),
                "unproven", status.unproven(),
                "skipped", status.skipped(),
                "pauseMicrosMedian", status.pauseMicrosMedian(),
                "pauseMicrosMax", status.pauseMicrosMax());
    }

    private static String line(List<CaptureStatus> all) {
        List<String> parts = new ArrayList<>();
        for (CaptureStatus status : all) {
            parts.add(status.shard() + " " + lower(status.state()) + " " + status.archivedLsn()
                    + (status.lagMicros() < 0 ? "" : " safe " + Units.millis(status.lagMicros() / 1000) + " ago"));
        }
        return String.join("  ", parts);
    }

    private static String lower(CaptureState state) {
        return state.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Errors and notices, each told once. */
    private static final class Announcements {
        private final Map<String, String> errors = new HashMap<>();
        private final Set<String> notices = new HashSet<>();

        List<String> news(List<CaptureStatus> all) {
            List<String> lines = new ArrayList<>();
            for (CaptureStatus status : all) {
                String error = status.lastError();
                if (error != null && !error.equals(errors.put(status.shard(), error))) {
                    lines.add("shard " + status.shard() + ": " + error);
                } else if (error == null && errors.remove(status.shard()) != null) {
                    lines.add("shard " + status.shard() + ": streaming again");
                }
                for (String notice : status.notices()) {
                    if (notices.add(status.shard() + notice)) {
                        lines.add("shard " + status.shard() + ": " + notice);
                    }
                }
            }
            return lines;
        }
    }
}
