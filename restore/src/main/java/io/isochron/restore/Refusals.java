package io.isochron.restore;

import io.isochron.chronicle.RecoverableRange;
import io.isochron.chronicle.Target;
import io.isochron.chronicle.Unreachable;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** Why a target was refused for the members of one period after another: the first reason that says more than that the members were others. */
final class Refusals {
    private final Repository repository;
    private final Target target;
    private @Nullable Unreachable first;

    Refusals(Repository repository, Target target) {
        this.repository = repository;
        this.target = target;
    }

    void add(Unreachable refused) {
        if (first == null || first.why() == Unreachable.Why.OTHER_MEMBERS) {
            first = refused;
        }
    }

    boolean any() {
        return first != null;
    }

    /** Where the members of the target's period have no reachable moment on a side, those of the other periods may have one. */
    PlanRefusedException refusal() throws IOException {
        Unreachable refused = first;
        if (refused == null) {
            return new PlanRefusedException(
                    RestorePlanner.describe(target) + " cannot be reached", "ask for another moment");
        }
        boolean changed = repository.membership().periods().size() > 1;
        boolean both = refused.nearestBefore() != null && refused.nearestAfter() != null;
        return !changed || both || !(target instanceof Target.Time time)
                ? RestorePlanner.refusal(refused)
                : RestorePlanner.refusal(completed(refused, time.moment()));
    }

    private Unreachable completed(Unreachable refused, Instant moment) throws IOException {
        Instant before = refused.nearestBefore();
        Instant after = refused.nearestAfter();
        for (RecoverableRange range : ArchiveState.read(repository).recoverable()) {
            if (refused.nearestBefore() == null && range.from().isBefore(moment)) {
                Instant last = moment.minus(1, ChronoUnit.MICROS);
                before = range.to().isBefore(last) ? range.to() : last;
            }
            if (after == null && range.to().isAfter(moment)) {
                Instant next = moment.plus(1, ChronoUnit.MICROS);
                after = range.from().isAfter(next) ? range.from() : next;
            }
        }
        return new Unreachable(refused.why(), refused.reason(), before, after);
    }
}
