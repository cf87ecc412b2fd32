package io.isochron.chronicle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Statements of a ledger entry, in order of their commits and, within one, as they ran.
 *
 * @param items at most {@link #COUNT_MAX} with {@link #SIZE_MAX} characters in all; what drops something stays first, then what alters
 * @param omitted how many were left out
 */
public record DdlStatements(List<DdlStatement> items, long omitted) {
    /** None. */
    public static final DdlStatements NONE = new DdlStatements(List.of(), 0);

    /** Most statements in an entry. */
    static final int COUNT_MAX = 256;

    /** Most characters (UTF-16) in all texts of an entry's statements. */
    static final int SIZE_MAX = 1 << 20;

    public DdlStatements {
        items = List.copyOf(items);
    }

    /** Those that stay; the order given is kept. */
    static DdlStatements chosen(Collection<DdlStatement> all, long omitted) {
        int size = 0;
        for (DdlStatement one : all) {
            size += one.ddl().size();
        }
        if (all.size() <= COUNT_MAX && size <= SIZE_MAX) {
            return new DdlStatements(List.copyOf(all), omitted);
        }
        record Ranked(int place, DdlStatement statement) {}
        List<Ranked> ranked = new ArrayList<>();
        for (DdlStatement one : all) {
            ranked.add(new Ranked(ranked.size(), one));
        }
        ranked.sort(Comparator.comparingInt(one -> grave(one.statement.ddl().tag())));
        int kept = 0;
        int room = SIZE_MAX;
        while (kept < Math.min(COUNT_MAX, ranked.size())
                && ranked.get(kept).statement.ddl().size() <= room) {
            room -= ranked.get(kept).statement.ddl().size();
            kept++;
        }
        List<DdlStatement> items = ranked.subList(0, kept).stream()
                .sorted(Comparator.comparingInt(Ranked::place))
                .map(Ranked::statement)
                .toList();
        return new DdlStatements(items, omitted + all.size() - kept);
    }

    private static int grave(String tag) {
        return tag.startsWith("DROP") ? 0 : tag.startsWith("ALTER") ? 1 : 2;
    }
}
