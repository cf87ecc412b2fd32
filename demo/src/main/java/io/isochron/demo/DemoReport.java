package io.isochron.demo;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the demo ended, for people and programs.
 *
 * @param shards number of shards
 * @param postgres PostgreSQL's version
 * @param seed what traffic was drawn from
 * @param incident what broke
 * @param restore the moment and what it is worth
 * @param giveBack what came back
 * @param objectives measured RPO and RTO
 * @param phases where the time went
 * @param checks every proof and check, in the order they were made
 * @param kept the directory in which everything was kept, null if nothing was
 */
public record DemoReport(
        int shards,
        String postgres,
        long seed,
        Incident incident,
        Restored restore,
        GivenBack giveBack,
        Objectives objectives,
        List<Phase> phases,
        List<Check> checks,
        @Nullable Path kept) {

    /**
     * What Isochron found in the WAL.
     *
     * @param table schema and table
     * @param rows deleted rows on all shards
     * @param rowsByShard the same by shard, in the shards' order
     * @param at the transaction's first commit, in reference time
     * @param transaction its global transaction id, or shard and xid
     */
    public record Incident(String table, long rows, List<Long> rowsByShard, Instant at, String transaction) {}

    /**
     * The cut.
     *
     * @param moment just before the incident, reference time
     * @param grade {@code atomic} or {@code external}
     * @param epsilonMicros uncertainty of the clocks
     * @param decisions in-doubt branches that were decided
     * @param bytesFetched snapshot bytes written
     * @param bytesReplayed WAL bytes between snapshots and cut
     */
    public record Restored(
            Instant moment, String grade, long epsilonMicros, int decisions, long bytesFetched, long bytesReplayed) {}

    /**
     * The back-fill.
     *
     * @param rows rows that are back in the live cluster
     * @param conflicts rows left alone because they were written later
     * @param transactionsMeanwhile transactions that clients committed between the incident and the end of the back-fill
     */
    public record GivenBack(long rows, long conflicts, long transactionsMeanwhile) {}

    /**
     * Measured, not promised.
     *
     * @param rpoMillis the most that a loss of every shard would have cost at any moment of the run
     * @param rtoMillis from the decision to restore until the restored cluster was proven
     * @param backMillis from the decision until the rows were back in production
     */
    public record Objectives(long rpoMillis, long rtoMillis, long backMillis) {}

    /** One phase and its wall clock time. */
    public record Phase(String name, long millis) {}

    /**
     * One thing that had to be true.
     *
     * @param name what
     * @param held whether it was
     * @param detail figures
     */
    public record Check(String name, boolean held, String detail) {}

    public DemoReport {
        phases = List.copyOf(phases);
        checks = List.copyOf(checks);
    }

    /** True only if every proof and every check held. */
    public boolean held() {
        return !checks.isEmpty() && checks.stream().allMatch(Check::held);
    }
}
