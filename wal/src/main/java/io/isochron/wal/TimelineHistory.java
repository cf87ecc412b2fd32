package io.isochron.wal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Where a PostgreSQL timeline comes from: the content of its history file {@code NNNNNNNN.history}
 * (src/backend/access/transam/timeline.c). Timeline 1 has no file and no ancestors.
 *
 * @param timeline the timeline this is the history of, unsigned
 * @param ancestors the timelines before it, oldest first
 */
public record TimelineHistory(int timeline, List<Ancestor> ancestors) {
    /**
     * A timeline that ended, from this one's point of view.
     *
     * @param timeline its number, unsigned
     * @param switchPoint first position that no longer belongs to it
     * @param reason why the next one was begun, free text
     */
    public record Ancestor(int timeline, Lsn switchPoint, String reason) {}

    /**
     * @throws IllegalArgumentException if timelines or switch points do not ascend
     */
    public TimelineHistory {
        ancestors = List.copyOf(ancestors);
        int before = 0;
        Lsn end = Lsn.INVALID;
        for (Ancestor ancestor : ancestors) {
            if (Integer.compareUnsigned(ancestor.timeline(), before) <= 0) {
                throw new IllegalArgumentException("history of timeline " + Integer.toUnsignedString(timeline)
                        + ": timeline " + Integer.toUnsignedString(ancestor.timeline()) + " follows "
                        + Integer.toUnsignedString(before));
            }
            if (ancestor.switchPoint().isBefore(end)) {
                throw new IllegalArgumentException("history of timeline " + Integer.toUnsignedString(timeline)
                        + ": switch point " + ancestor.switchPoint() + " follows " + end);
            }
            before = ancestor.timeline();
            end = ancestor.switchPoint();
        }
        if (Integer.compareUnsigned(timeline, before) <= 0) {
            throw new IllegalArgumentException("history of timeline " + Integer.toUnsignedString(timeline)
                    + " names the later timeline " + Integer.toUnsignedString(before) + " as its ancestor");
        }
    }

    /** A first timeline, which has no ancestors and no history file. */
    public static TimelineHistory first(int timeline) {
        return new TimelineHistory(timeline, List.of());
    }

    /**
     * Reads a history file. Empty lines and lines that begin with {@code #} say nothing.
     *
     * @param timeline the timeline of the file's name
     * @throws IllegalArgumentException if a line has no timeline and switch point, or they do not ascend
     */
    public static TimelineHistory parse(int timeline, String content) {
        List<Ancestor> ancestors = new ArrayList<>();
        for (String line : content.lines().toList()) {
            String trimmed = line.strip();
            if (trimmed.isEmpty() || trimmed.startsWith("#")) {
                continue;
            }
            String[] fields = trimmed.split("\\s+", 3);
            if (fields.length < 2) {
                throw unreadable(timeline, line);
            }
            try {
                ancestors.add(new Ancestor(
                        Integer.parseUnsignedInt(fields[0]), Lsn.parse(fields[1]), fields.length > 2 ? fields[2] : ""));
            } catch (IllegalArgumentException e) {
                throw unreadable(timeline, line);
            }
        }
        return new TimelineHistory(timeline, ancestors);
    }

    /** The content of the history file: one line for each ancestor; empty for a first timeline. */
    public String format() {
        StringBuilder content = new StringBuilder();
        for (Ancestor ancestor : ancestors) {
            content.append(Integer.toUnsignedString(ancestor.timeline()))
                    .append('\t')
                    .append(ancestor.switchPoint())
                    .append('\t')
                    .append(ancestor.reason())
                    .append('\n');
        }
        return content.toString();
    }

    /** First position that no longer belongs to the given timeline; empty if it is not an ancestor (the last timeline has no end). */
    public Optional<Lsn> switchPoint(int ancestorTimeline) {
        return ancestors.stream()
                .filter(ancestor -> ancestor.timeline() == ancestorTimeline)
                .map(Ancestor::switchPoint)
                .findFirst();
    }

    /** The timeline to which the byte at this position belongs, unsigned. */
    public int timelineAt(Lsn position) {
        for (Ancestor ancestor : ancestors) {
            if (position.isBefore(ancestor.switchPoint())) {
                return ancestor.timeline();
            }
        }
        return timeline;
    }

    /** Whether a timeline is this one or an ancestor. */
    public boolean contains(int otherTimeline) {
        return otherTimeline == timeline || switchPoint(otherTimeline).isPresent();
    }

    /** Name of the history file of a timeline, e.g. {@code 00000002.history}. */
    public static String fileName(int timeline) {
        return String.format(Locale.ROOT, "%08X.history", timeline);
    }

    private static IllegalArgumentException unreadable(int timeline, String line) {
        return new IllegalArgumentException("history of timeline " + Integer.toUnsignedString(timeline) + ": line '"
                + line + "' has no timeline and switch point");
    }
}
