package io.isochron.handover;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Compares one shard's table on both sides: a merge of two streams in the order of the key. */
final class ShardComparison {
    private static final int ROWS_PER_REPORT = 2000;

    /** Hears of every row that is not the same on both sides. */
    interface Handler {
        void missing(TableRow restored) throws SQLException, HandoverException;

        void differing(TableRow restored, TableRow live) throws SQLException, HandoverException;

        void onlyLive(TableRow live);
    }

    /** Rows seen on each side. */
    record Counts(long restored, long live) {}

    private ShardComparison() {}

    static Counts run(
            String shard,
            TableMatch match,
            Connection restored,
            Connection live,
            Handler handler,
            HandoverProgress progress)
            throws SQLException, HandoverException {
        try (RowStream then = new RowStream(restored, match.restored(), match, "restored");
                RowStream now = new RowStream(live, match.live(), match, "live")) {
            @Nullable TableRow a = then.next();
            @Nullable TableRow b = now.next();
            while (a != null || b != null) {
                int order = a == null ? 1 : b == null ? -1 : TableRow.compare(match.key(), a, b);
                if (order < 0 && a != null) {
                    handler.missing(a);
                } else if (order > 0 && b != null) {
                    handler.onlyLive(b);
                } else if (a != null && b != null && !a.sameValues(b)) {
                    handler.differing(a, b);
                }
                if (order <= 0) {
                    a = then.next();
                }
                if (order >= 0) {
                    b = now.next();
                }
                if ((then.count() + now.count()) % ROWS_PER_REPORT < 2) {
                    progress.advanced(shard, then.count(), match.restored().rowsEstimated());
                    if (Thread.currentThread().isInterrupted()) {
                        throw new HandoverException(
                                "the work on shard " + shard + " was cancelled after " + then.count() + " rows",
                                "run it again; rows that are already back are not touched twice.",
                                null);
                    }
                }
            }
            progress.advanced(
                    shard, then.count(), Math.max(then.count(), match.restored().rowsEstimated()));
            return new Counts(then.count(), now.count());
        }
    }
}
