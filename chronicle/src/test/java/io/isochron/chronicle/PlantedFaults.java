package io.isochron.chronicle;

import io.isochron.chronicle.Decision.Action;
import io.isochron.wal.Lsn;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Rules of the cut, each done wrong in one way. */
final class PlantedFaults {
    /** Takes every branch for a transaction of its own. */
    static final Dialect EACH_GID_ALONE = new Dialect() {
        @Override
        public String name() {
            return "each gid alone";
        }

        @Override
        public Optional<String> globalTransaction(String gid) {
            return Optional.empty();
        }
    };

    private PlantedFaults() {}

    static Map<String, Supplier<CutRules>> all() {
        Map<String, Supplier<CutRules>> faults = new LinkedHashMap<>();
        faults.put("dialect does not join branches", CutRules::new);
        faults.put("shard clocks are trusted", () -> new CutRules() {
            @Override
            boolean after(Event event, Corrected time, long momentMicros) {
                return event.timeMicros() > momentMicros;
            }
        });
        faults.put("boundaries are never lowered", () -> new CutRules() {
            @Override
            boolean missing(Branch branch, Lsn boundary) {
                return false;
            }
        });
        faults.put("lowering keeps the commit that is given up", () -> new CutRules() {
            @Override
            Lsn lowerTo(Event commit) {
                return commit.end();
            }
        });
        faults.put("lowering is not repeated", () -> new CutRules() {
            @Override
            boolean repeats() {
                return false;
            }
        });
        faults.put("a branch counts as there only when it is committed", () -> new CutRules() {
            @Override
            boolean missing(Branch branch, Lsn boundary) {
                return branch.commitInside(boundary) == null;
            }
        });
        faults.put("everything in doubt is rolled back", () -> new CutRules() {
            @Override
            Action decide(Branch branch, boolean committedInside) {
                return Action.ROLLBACK;
            }
        });
        faults.put("everything in doubt is committed", () -> new CutRules() {
            @Override
            Action decide(Branch branch, boolean committedInside) {
                return Action.COMMIT;
            }
        });
        faults.put("in doubt follows what the branch itself did later", () -> new CutRules() {
            @Override
            Action decide(Branch branch, boolean committedInside) {
                return branch.commit() != null ? Action.COMMIT : Action.ROLLBACK;
            }
        });
        faults.put("open prepared transactions are not carried forward", () -> new CutRules() {
            @Override
            boolean carriesForward() {
                return false;
            }
        });
        faults.put("the horizon ends at the moment", () -> new CutRules() {
            @Override
            long horizonMargin(long epsilonMicros) {
                return -2_000_000;
            }
        });
        faults.put("events since an old PREPARE are not read", () -> new CutRules() {
            @Override
            long readFrom(long preparedMicros, long epsilonMicros) {
                return preparedMicros + 3_000_000;
            }
        });
        return faults;
    }
}
