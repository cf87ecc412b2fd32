package io.isochron.upkeep;

import java.util.List;

/**
 * What a compaction did, or would do.
 *
 * @param timelines one for each shard and PostgreSQL timeline that has WAL, in order
 * @param cancelled whether it was asked to end before all was done
 */
public record CompactionSummary(List<Timeline> timelines, boolean cancelled) {
    public CompactionSummary {
        timelines = List.copyOf(timelines);
    }

    /**
     * One timeline of a shard.
     *
     * @param pieces how many pieces were looked at: those that are old enough, and the newer ones among them
     * @param written how many larger pieces are made
     * @param removed how many pieces go
     * @param bytes how much WAL is read for that
     * @param problems what kept pieces from being compacted: damage; they stay as they are
     * @param kept what the store said when it did not remove a piece; empty if it removed what it was asked to. Nothing further of this timeline was compacted then
     */
    public record Timeline(
            String shard,
            int timeline,
            long pieces,
            long written,
            long removed,
            long bytes,
            List<String> problems,
            String kept) {
        public Timeline {
            problems = List.copyOf(problems);
        }
    }

    public long pieces() {
        return timelines.stream().mapToLong(Timeline::pieces).sum();
    }

    public long written() {
        return timelines.stream().mapToLong(Timeline::written).sum();
    }

    public long removed() {
        return timelines.stream().mapToLong(Timeline::removed).sum();
    }

    public long bytes() {
        return timelines.stream().mapToLong(Timeline::bytes).sum();
    }

    public List<String> problems() {
        return timelines.stream().flatMap(one -> one.problems().stream()).toList();
    }

    /** What the store said when it did not remove pieces, one for each timeline. */
    public List<String> kept() {
        return timelines.stream()
                .map(Timeline::kept)
                .filter(text -> !text.isEmpty())
                .toList();
    }
}
