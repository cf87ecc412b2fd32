package io.isochron.upkeep;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.store.Horizon;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.store.WalMerging;
import io.isochron.store.WalRange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Makes few larger pieces of WAL of many small ones. Readers never notice; it can be broken off anywhere and run again, and by several at once (docs/adr/0022). Chronicle segments and the ledger are
 * numbered, with readers that go by the numbers, and stay as they are.
 */
public final class Compaction {
    /**
     * How far it is.
     *
     * @param shard the shard at work
     * @param bytes of WAL read so far, of all shards
     * @param totalBytes that the plan found
     * @param removed pieces removed so far
     */
    public record Progress(String shard, long bytes, long totalBytes, long removed) {}

    private final Repository repository;
    private final CompactionOptions options;
    private final Instant settledBefore;

    /** @param now the time from which {@link CompactionOptions#settle} is counted back */
    public Compaction(Repository repository, CompactionOptions options, Instant now) {
        this.repository = repository;
        this.options = options;
        this.settledBefore = now.minus(options.settle());
    }

    /** What {@link #run} would do now; lists all WAL objects. */
    public CompactionSummary plan() throws IOException {
        return each(() -> false, (task, counts) -> counts.add(task));
    }

    /**
     * Does it.
     *
     * @param plan what {@link #plan} said, for the progress
     * @param cancelled is asked before each piece that is made
     */
    public CompactionSummary run(CompactionSummary plan, BooleanSupplier cancelled, Consumer<Progress> progress)
            throws IOException {
        WalMerging merging = repository.wal().merging();
        long[] done = new long[2];
        return each(cancelled, (task, counts) -> {
            try {
                WalMerging.Outcome outcome = switch (task) {
                    case CompactionTask.Merge merge -> merging.merge(merge.removed());
                    case CompactionTask.Sweep sweep -> merging.sweep(sweep.into(), sweep.removed());
                };
                if (outcome == WalMerging.Outcome.DONE) {
                    counts.add(task);
                    done[1] += task.removed().size();
                }
            } catch (ObjectDamagedException e) {
                counts.problems.add(String.valueOf(e.getMessage()));
            } catch (WalMerging.NotRemovedException e) {
                counts.kept = String.valueOf(e.getMessage());
            }
            done[0] += task.bytes();
            progress.accept(new Progress(counts.shard, done[0], plan.bytes(), done[1]));
        });
    }

    private interface Doing {
        void task(CompactionTask task, Counts counts) throws IOException;
    }

    private static final class Counts {
        private final String shard;
        private final int timeline;
        private final List<String> problems = new ArrayList<>();
        private long pieces;
        private long written;
        private long removed;
        private long bytes;
        private String kept = "";

        Counts(String shard, int timeline) {
            this.shard = shard;
            this.timeline = timeline;
        }

        void add(CompactionTask task) {
            written += task instanceof CompactionTask.Merge ? 1 : 0;
            removed += task.removed().size();
            bytes += task.bytes();
        }

        CompactionSummary.Timeline summary() {
            return new CompactionSummary.Timeline(shard, timeline, pieces, written, removed, bytes, problems, kept);
        }
    }

    private static final class CancelledException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private CompactionSummary each(BooleanSupplier cancelled, Doing doing) throws IOException {
        List<CompactionSummary.Timeline> timelines = new ArrayList<>();
        for (ShardIdentity shard : repository.cluster().shards()) {
            Optional<SettledWal> settled = SettledWal.of(repository, shard.name(), settledBefore);
            if (settled.isEmpty()) {
                continue;
            }
            for (int timeline : repository.wal().timelines(shard.name())) {
                int order = Integer.compareUnsigned(timeline, settled.get().timeline());
                if (order > 0) {
                    continue;
                }
                Counts counts = new Counts(shard.name(), timeline);
                Optional<Long> limit =
                        order < 0 ? Optional.empty() : Optional.of(settled.get().end());
                try {
                    timeline(counts, limit, cancelled, doing);
                } catch (CancelledException e) {
                    timelines.add(counts.summary());
                    return new CompactionSummary(timelines, true);
                }
                timelines.add(counts.summary());
            }
        }
        return new CompactionSummary(timelines, false);
    }

    private void timeline(Counts counts, Optional<Long> limit, BooleanSupplier cancelled, Doing doing)
            throws IOException {
        CompactionPlanner planner = new CompactionPlanner(options, limit, task -> {
            if (cancelled.getAsBoolean()) {
                throw new CancelledException();
            }
            if (counts.kept.isEmpty()) {
                doing.task(task, counts);
            }
        });
        Horizon horizon = repository.reloadHorizon();
        try (Stream<WalRange> pieces = repository.wal().list(counts.shard, counts.timeline)) {
            for (Iterator<WalRange> i = pieces.iterator(); counts.kept.isEmpty() && i.hasNext(); ) {
                WalRange piece = i.next();
                counts.pieces++;
                // what is not kept goes by itself
                if (horizon.keepsWal(piece.shard(), piece.start(), piece.end()) && !planner.next(piece)) {
                    break;
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        planner.end();
    }
}
