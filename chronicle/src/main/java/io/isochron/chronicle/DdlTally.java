package io.isochron.chronicle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Collects the statements of an entry within a small multiple of its limits. The same statements in the same order always give the same. */
final class DdlTally {
    private static final int COUNT_HELD = 4 * DdlStatements.COUNT_MAX;
    private static final int SIZE_HELD = 2 * DdlStatements.SIZE_MAX;

    private List<DdlStatement> held = new ArrayList<>();
    private int size;
    private long omitted;

    void omit(long more) {
        omitted += more;
    }

    void add(Collection<DdlStatement> more) {
        for (DdlStatement one : more) {
            held.add(one);
            size += one.ddl().size();
            if (held.size() > COUNT_HELD || size > SIZE_HELD) {
                DdlStatements kept = chosen();
                held = new ArrayList<>(kept.items());
                omitted = kept.omitted();
                size = held.stream().mapToInt(each -> each.ddl().size()).sum();
            }
        }
    }

    DdlStatements chosen() {
        return DdlStatements.chosen(held, omitted);
    }
}
