package io.isochron.workload;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What happened so far, counted by all clients. */
final class Tally {
    private final boolean record;
    private final ConcurrentLinkedQueue<Acknowledged> acknowledged = new ConcurrentLinkedQueue<>();
    private final LongAdder across = new LongAdder();
    private final LongAdder within = new LongAdder();
    private final LongAdder orders = new LongAdder();
    private final LongAdder changes = new LongAdder();
    private final LongAdder rolledBack = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private volatile @Nullable SQLException lastFailure;

    Tally(boolean record) {
        this.record = record;
    }

    void acknowledged(Acknowledged each) {
        switch (each.kind()) {
            case ACROSS -> across.increment();
            case WITHIN -> within.increment();
            case ORDER -> orders.increment();
        }
        if (record) {
            acknowledged.add(each);
        }
    }

    void changed() {
        changes.increment();
    }

    void rolledBack() {
        rolledBack.increment();
    }

    void failed(SQLException failure) {
        failed.increment();
        lastFailure = failure;
    }

    @Nullable
    SQLException lastFailure() {
        return lastFailure;
    }

    List<Acknowledged> acknowledged() {
        return new ArrayList<>(acknowledged);
    }

    WorkloadCounts counts(long inDoubt) {
        return new WorkloadCounts(
                across.sum(), within.sum(), orders.sum(), changes.sum(), rolledBack.sum(), failed.sum(), inDoubt);
    }
}
