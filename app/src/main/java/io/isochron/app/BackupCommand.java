package io.isochron.app;

import io.isochron.capture.BackupOptions;
import io.isochron.capture.BackupProgress;
import io.isochron.capture.ShardSource;
import io.isochron.capture.SnapshotService;
import io.isochron.capture.SnapshotSummary;
import io.isochron.store.Repository;
import io.isochron.store.ShardSnapshot;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** Takes a snapshot of the whole cluster. */
@picocli.CommandLine.Command(
        name = "backup",
        description = "Takes a snapshot of all shards. Capture must be running.",
        sortOptions = false,
        footer = {
            "",
            "The snapshot appears when it is whole and its WAL is archived; one that was killed never does.",
            "",
            "Example:",
            "  isochron backup --label before-release-42"
        })
final class BackupCommand extends Command {
    private final Cancellation cancellation;

    @Option(names = "--label", paramLabel = "TEXT", description = "A name for people.")
    String label = "";

    @Option(names = "--spread", description = "Let the shards spread their checkpoint: gentler, takes minutes.")
    boolean spread;

    @Option(names = "--max-rate", paramLabel = "KIB", description = "Limit per shard in KiB/s. Default: none.")
    int maxRate;

    @Option(
            names = "--capture-timeout",
            paramLabel = "TIME",
            description = "How long capture may stand still before the backup gives up. Default: 30s.")
    String captureTimeout = "30s";

    BackupCommand(Host host, Cancellation cancellation) {
        super(host);
        this.cancellation = cancellation;
    }

    @Override
    ExitCode run() throws AppException, IOException, InterruptedException {
        BackupOptions options;
        try {
            options = BackupOptions.defaults()
                    .withFastCheckpoint(!spread)
                    .withMaxRate(maxRate)
                    .withCaptureTimeout(Options.duration("--capture-timeout", captureTimeout));
            options = label.isEmpty() ? options : options.withLabel(label);
        } catch (IllegalArgumentException e) {
            throw Options.usage("", e);
        }
        SnapshotSummary summary;
        try (Progress progress = progress()) {
            Map<String, BackupProgress> latest = new TreeMap<>();
            Repository repository = repositoryToContinue();
            List<ShardSource> members = members(repository);
            begin(repository);
            summary = SnapshotService.backup(members, repository, options, now -> {
                synchronized (latest) {
                    latest.put(now.shard(), now);
                    progress.show(line(latest));
                }
            });
        } catch (InterruptedException e) {
            if (cancellation.requested()) {
                throw new AppException(
                        ExitCode.CANCELLED,
                        "the backup was cancelled",
                        "nothing of it is visible; run it again when it suits.");
            }
            throw e;
        }
        long bytes = summary.snapshot().shards().stream()
                .mapToLong(ShardSnapshot::bytes)
                .sum();
        long stored = summary.snapshot().shards().stream()
                .mapToLong(ShardSnapshot::storedBytes)
                .sum();
        resultWithStores(
                Json.object(
                        "snapshot", summary.snapshot().id(),
                        "created", summary.snapshot().created(),
                        "bytes", bytes,
                        "storedBytes", stored,
                        "copiedMillis", summary.copied().toMillis(),
                        "totalMillis", summary.total().toMillis()),
                java.util.List.of("snapshot " + summary.snapshot().id() + ": " + Units.bytes(bytes) + ", "
                        + Units.bytes(stored) + " stored, in "
                        + Units.millis(summary.total().toMillis())));
        return ExitCode.OK;
    }

    private static String line(Map<String, BackupProgress> latest) {
        StringBuilder line = new StringBuilder();
        long remaining = -1;
        for (BackupProgress shard : latest.values()) {
            line.append(line.isEmpty() ? "" : "  ")
                    .append(shard.shard())
                    .append(' ')
                    .append(shard.phase().name().toLowerCase(Locale.ROOT).replace('_', ' '));
            if (shard.totalBytes() > 0) {
                line.append(' ')
                        .append(Math.min(100, 100 * shard.doneBytes() / shard.totalBytes()))
                        .append('%');
            }
            remaining = Math.max(remaining, shard.remainingMillis());
        }
        return remaining < 0 ? line.toString() : line + "  about " + Units.millis(remaining) + " left";
    }
}
