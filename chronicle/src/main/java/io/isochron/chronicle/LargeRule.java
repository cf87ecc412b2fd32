package io.isochron.chronicle;

import io.isochron.chronicle.LargeTransaction.Effect;
import java.util.List;

/** Which committed transactions are listed one by one. */
@FunctionalInterface
public interface LargeRule {
    /** What the ledger keeps: {@link LargeTransaction}. */
    LargeRule STORED = (commit, effects) -> effects.stream().anyMatch(Effect::large);

    /**
     * Whether to list a transaction.
     *
     * @param commit its commit
     * @param effects what it did to tables, possibly nothing
     */
    boolean lists(Event commit, List<Effect> effects);
}
