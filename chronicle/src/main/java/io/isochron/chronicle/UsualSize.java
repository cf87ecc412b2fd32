package io.isochron.chronicle;

import io.isochron.chronicle.Incident.What;
import io.isochron.chronicle.LargeTransaction.Effect;

/** What usually happens to a table, over all shards: how often and how much transactions delete, update or remove. */
final class UsualSize {
    private long deleting;
    private long deleted;
    private long updating;
    private long updated;
    private long removals;

    void add(TableTotals totals) {
        deleting += totals.deleting();
        deleted += totals.deleted();
        updating += totals.updating();
        updated += totals.updated();
        removals += totals.removals();
    }

    /** @param effect with all rows lost as deleted ones */
    void add(Effect effect) {
        switch (effect.what()) {
            case DROPPED, TRUNCATED -> removals++;
            case DELETED, UPDATED, REWRITTEN, OTHER -> {
                if (effect.deleted() > 0) {
                    deleting++;
                    deleted += effect.deleted();
                }
                if (effect.updated() > 0) {
                    updating++;
                    updated += effect.updated();
                }
            }
        }
    }

    /** How suspicious an effect is; {@code own} is what its transaction did, which is not to be compared with itself. */
    double score(Effect effect, UsualSize own) {
        if (effect.what() == What.DROPPED || effect.what() == What.TRUNCATED) {
            return (20 + 10 * log2(effect.deleted())) / (1.0 + Math.max(0, removals - own.removals));
        }
        return 10 * log2(effect.deleted()) * share(effect.deleted(), othersDeleted(own))
                + 2 * log2(effect.updated()) * share(effect.updated(), othersUpdated(own));
    }

    double timesUsual(Effect effect, UsualSize own) {
        return switch (effect.what()) {
            case DROPPED, TRUNCATED -> removals > own.removals ? 1 : Double.POSITIVE_INFINITY;
            case DELETED, UPDATED, REWRITTEN, OTHER ->
                Math.max(times(effect.deleted(), othersDeleted(own)), times(effect.updated(), othersUpdated(own)));
        };
    }

    private double othersDeleted(UsualSize own) {
        return mean(deleted - own.deleted, deleting - own.deleting);
    }

    private double othersUpdated(UsualSize own) {
        return mean(updated - own.updated, updating - own.updating);
    }

    private static double times(long rows, double usual) {
        return rows == 0 ? 0 : usual <= 0 ? Double.POSITIVE_INFINITY : rows / usual;
    }

    private static double mean(long sum, long count) {
        return count <= 0 ? 0 : Math.max(0, (double) sum / count);
    }

    private static double log2(long rows) {
        return Math.log1p((double) Math.max(0, rows)) / Math.log(2);
    }

    /** Near 0 for what is usual, a half at four times as much, near 1 from ten times as much on. */
    private static double share(long rows, double typical) {
        double squared = (double) rows * rows;
        return rows <= 0 ? 0 : squared / (squared + 16 * typical * typical);
    }
}
