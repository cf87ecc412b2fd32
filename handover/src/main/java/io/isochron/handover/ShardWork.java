package io.isochron.handover;

import io.isochron.handover.BackfillOptions.Batches;
import io.isochron.handover.BackfillOptions.OneTransaction;
import io.isochron.handover.BackfillOptions.Report;
import io.isochron.handover.BackfillOptions.RestoreIfLastWrittenBy;
import io.isochron.handover.BackfillReport.ShardResult;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One shard's part of a back-fill: decides for each row that is not the same on both sides, and counts. */
final class ShardWork implements ShardComparison.Handler, RowWriter.Outcome, AutoCloseable {
    private static final int EXAMPLES = 10;

    private final ShardPair pair;
    private final BackfillOptions options;
    private final TableMatch match;
    private final Connection restored;
    private final Connection live;
    private final @Nullable Connection restoredValues;
    private final @Nullable RowWriter writer;
    private final List<String> examples = new ArrayList<>();
    private ShardComparison.Counts counts = new ShardComparison.Counts(0, 0);
    private long missing;
    private long leftDeleted;
    private long inserted;
    private long presentMeanwhile;
    private long differing;
    private long setBack;
    private long conflicts;
    private long onlyLive;

    private ShardWork(
            ShardPair pair,
            BackfillOptions options,
            TableMatch match,
            Connection restored,
            Connection live,
            @Nullable Connection restoredValues,
            @Nullable Connection liveWriter)
            throws SQLException {
        this.pair = pair;
        this.options = options;
        this.match = match;
        this.restored = restored;
        this.live = live;
        this.restoredValues = restoredValues;
        int commitRows = switch (options.mode()) {
            case OneTransaction _ -> 0;
            case Batches batches -> batches.rows();
        };
        this.writer = restoredValues == null || liveWriter == null
                ? null
                : new RowWriter(
                        match,
                        restoredValues,
                        liveWriter,
                        options.triggers() == BackfillOptions.Triggers.SUPPRESS,
                        commitRows,
                        this);
    }

    /** Opens the sessions, reads both sides' catalogs and refuses what does not fit. {@code liveWriter} null: dry run. */
    static ShardWork open(ShardPair pair, TableName table, BackfillOptions options, @Nullable Connection liveWriter)
            throws SQLException, HandoverException {
        Connection restored = null;
        Connection live = null;
        Connection values = null;
        try {
            restored = Sessions.reader(pair.restored());
            live = Sessions.reader(pair.live());
            TableShape then = shape(restored, table, "restored", pair.shard());
            TableShape now = shape(live, table, "live", pair.shard());
            TableMatch match = TableMatch.of(pair.shard(), then, now, options.acceptSchemaChange());
            if (liveWriter != null) {
                match.checkWritable(pair.shard(), options.triggers());
                values = Sessions.reader(pair.restored());
            }
            return new ShardWork(pair, options, match, restored, live, values, liveWriter);
        } catch (SQLException | HandoverException | RuntimeException e) {
            Sessions.close(restored, e);
            Sessions.close(live, e);
            Sessions.close(values, e);
            throw e;
        }
    }

    private static TableShape shape(Connection connection, TableName table, String side, String shard)
            throws SQLException, HandoverException {
        return TableShape.read(connection, table)
                .orElseThrow(
                        () -> new BackfillRefusedException(
                                "table " + table + " does not exist on the " + side + " shard " + shard,
                                side.equals("live")
                                        ? "create it first (its definition is in the restored cluster), or correct the name."
                                        : "it did not exist at the restored moment; choose another moment, or correct the name."));
    }

    String shard() {
        return pair.shard();
    }

    TableMatch match() {
        return match;
    }

    /** Whether rows wait in the writer's open transaction. */
    boolean wrote() {
        return writer != null && writer.written() > 0;
    }

    /** Compares and, unless this is a dry run, writes. */
    void run(HandoverProgress progress) throws SQLException, HandoverException {
        counts = ShardComparison.run(pair.shard(), match, restored, live, this, progress);
        if (writer != null) {
            writer.flush();
        }
        // The live side's snapshot is not needed any longer and would only hold back its vacuum.
        live.rollback();
    }

    ShardResult result() {
        return new ShardResult(
                pair.shard(),
                counts.restored(),
                counts.live(),
                missing,
                leftDeleted,
                inserted,
                presentMeanwhile,
                differing,
                setBack,
                conflicts,
                onlyLive,
                examples);
    }

    @Override
    public void missing(TableRow row) throws SQLException, HandoverException {
        missing++;
        if (options.onlyDamaged() != null && !damaged(row)) {
            leftDeleted++;
        } else if (writer != null) {
            writer.insert(row);
        } else {
            inserted++;
        }
    }

    private boolean damaged(TableRow row) {
        TupleSet set = options.onlyDamaged() == null
                ? TupleSet.EMPTY
                : options.onlyDamaged().getOrDefault(pair.shard(), TupleSet.EMPTY);
        Long file = match.restored().leaves().get(row.relation());
        return file != null && set.contains(file, row.block(), row.offset());
    }

    @Override
    public void differing(TableRow row, TableRow liveRow) throws SQLException, HandoverException {
        differing++;
        boolean ours = switch (options.differing()) {
            case Report _ -> false;
            case RestoreIfLastWrittenBy by ->
                by.xids().getOrDefault(pair.shard(), Set.of()).contains(liveRow.xmin());
        };
        if (!ours) {
            conflict(row);
        } else if (writer != null) {
            writer.update(row, liveRow.xmin());
        } else {
            setBack++;
        }
    }

    @Override
    public void onlyLive(TableRow row) {
        onlyLive++;
    }

    @Override
    public void inserted(TableRow row) {
        inserted++;
    }

    @Override
    public void presentMeanwhile(TableRow row) {
        presentMeanwhile++;
        example(row);
    }

    @Override
    public void setBack(TableRow row) {
        setBack++;
    }

    @Override
    public void changedMeanwhile(TableRow row) {
        conflict(row);
    }

    private void conflict(TableRow row) {
        conflicts++;
        example(row);
    }

    private void example(TableRow row) {
        if (examples.size() < EXAMPLES) {
            examples.add(row.shownKey());
        }
    }

    @Override
    public void close() throws SQLException {
        try (restored;
                live;
                restoredValues;
                writer) {
            // try-with-resources closes all of them whatever happens to one
            if (!live.isClosed()) {
                live.rollback();
            }
        }
    }
}
