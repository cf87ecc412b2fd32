package io.isochron.restore;

import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Decision;
import io.isochron.chronicle.RowExpectation;
import io.isochron.wal.Lsn;
import io.isochron.wal.RelationFile;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Compares the rows of every table with those counted at the snapshot's end and what the WAL since then says was added and removed. */
final class RowCountProof {

    private static final int SHOWN = 5;

    private final String shard;
    private final RestoreJournal.ShardState state;
    private final Lsn boundary;
    private final ClusterHistory history;
    private final List<Decision> decisions;

    private final List<String> wrong = new ArrayList<>();
    private final List<String> unknown = new ArrayList<>();
    private int compared;
    private long rows;

    RowCountProof(
            String shard,
            RestoreJournal.ShardState state,
            Lsn boundary,
            ClusterHistory history,
            List<Decision> decisions) {
        this.shard = shard;
        this.state = state;
        this.boundary = boundary;
        this.history = history;
        this.decisions = decisions.stream()
                .filter(decision -> decision.shard().equals(shard))
                .toList();
    }

    private record TableKey(int databaseOid, int tableOid) {}

    Proof prove(Sessions sessions) throws SQLException {
        long begin = System.nanoTime();
        List<TableCount> base = state.baseCounts();
        Lsn from = state.baseLsn();
        if (base == null || from == null) {
            String why = state.baseUncounted();
            return proof(
                    Proof.Outcome.NOT_COMPUTABLE,
                    why == null ? "rows were not counted at the snapshot's end" : why,
                    begin);
        }
        Map<TableKey, TableCount> before = new HashMap<>();
        base.forEach(table -> before.put(key(table), table));
        for (TableCount now : TableCounter.count(sessions)) {
            compare(before.get(key(now)), now, from);
        }
        if (!wrong.isEmpty()) {
            return proof(Proof.Outcome.FAILED, wrong.size() + " tables differ: " + list(wrong), begin);
        }
        String detail = compared + " tables with " + rows + " rows are as the WAL says";
        if (!unknown.isEmpty()) {
            detail += "; of " + unknown.size() + " the WAL does not tell: " + list(unknown);
        }
        return proof(
                compared == 0 && !unknown.isEmpty() ? Proof.Outcome.NOT_COMPUTABLE : Proof.Outcome.HELD, detail, begin);
    }

    private void compare(@Nullable TableCount before, TableCount now, Lsn from) {
        RelationFile file = file(now);
        RowExpectation expectation = RowExpectation.of(
                history,
                shard,
                from,
                before == null ? 0 : before.rows(),
                before == null ? file : file(before),
                boundary,
                file,
                decisions);
        String name = now.database() + "." + now.table();
        switch (expectation) {
            case RowExpectation.Rows expected -> {
                compared++;
                rows += now.rows();
                if (expected.count() != now.rows()) {
                    wrong.add(name + " has " + now.rows() + " rows instead of " + expected.count());
                }
            }
            case RowExpectation.NotComputable not -> unknown.add(name + " (" + not.reason() + ")");
        }
    }

    private Proof proof(Proof.Outcome outcome, String detail, long begin) {
        return new Proof("row counts", shard, outcome, detail, (System.nanoTime() - begin) / 1_000_000);
    }

    private static String list(List<String> all) {
        String shown = String.join(", ", all.subList(0, Math.min(SHOWN, all.size())));
        return all.size() > SHOWN ? shown + " and " + (all.size() - SHOWN) + " more" : shown;
    }

    private static TableKey key(TableCount table) {
        return new TableKey(table.databaseOid(), table.tableOid());
    }

    private static RelationFile file(TableCount table) {
        return new RelationFile(table.tablespaceOid(), table.databaseOid(), table.fileNumber());
    }
}
