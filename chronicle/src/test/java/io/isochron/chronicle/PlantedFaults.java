package io.isochron.chronicle;

import io.isochron.chronicle.Decision.Action;
import io.isochron.wal.Lsn;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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
            boolean after(long shardMicros, long micros, long momentMicros) {
                return shardMicros > momentMicros;
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
        faults.put("a clock is believed beyond its last reading", () -> new CutRules() {
            @Override
            boolean believesClocksThatAreNotReadAgain() {
                return true;
            }
        });
        faults.put("a clock that was not read for a while is taken to have jumped once", () -> new CutRules() {
            @Override
            boolean believesClocksThatJumpedUnread() {
                return true;
            }
        });
        faults.put("WAL is taken to arrive with the readings of its time", () -> new CutRules() {
            @Override
            boolean believesThatWalArrivesWithItsReadings() {
                return true;
            }
        });
        faults.put("the first readings are believed about what had been waiting", () -> new CutRules() {
            @Override
            boolean believesFirstReadings() {
                return true;
            }
        });
        coordinators(faults);
        targets(faults);
        return faults;
    }

    private static void coordinators(Map<String, Supplier<CutRules>> faults) {
        faults.put("decision records are not read", () -> new CutRules() {
            @Override
            boolean readsDecisionRecords() {
                return false;
            }
        });
        faults.put("a decision inside does not demand the PREPAREs", () -> new CutRules() {
            @Override
            boolean demands(Branch branch) {
                return !branch.record;
            }
        });
        faults.put("a COMMIT PREPARED inside does not demand the decision", () -> new CutRules() {
            @Override
            boolean missing(Branch branch, Lsn boundary) {
                return !branch.record && super.missing(branch, boundary);
            }
        });
        faults.put("a decision is taken for a COMMIT PREPARED only", () -> new CutRules() {
            @Override
            boolean missing(Branch branch, Lsn boundary) {
                return branch.record && super.missing(branch, boundary);
            }
        });
        faults.put("a decision record counts at any time", () -> new CutRules() {
            @Override
            boolean decides(Branch record, Branch branch) {
                return true;
            }

            @Override
            boolean refusesWhatIsUncertain() {
                return false;
            }
        });
        faults.put("recurring numbers are one transaction", () -> new CutRules() {
            @Override
            boolean tellsRecurrencesApart() {
                return false;
            }
        });
        faults.put("one decision record is missed for the branches of its own node", () -> new CutRules() {
            @Override
            boolean decides(Branch record, Branch branch) {
                return record.shardIndex != branch.shardIndex && super.decides(record, branch);
            }
        });
    }

    private static void targets(Map<String, Supplier<CutRules>> faults) {
        faults.put("the boundary lies behind the first later commit", () -> new CutRules() {
            @Override
            Lsn boundaryBefore(Event firstAfter) {
                return firstAfter.end();
            }
        });
        faults.put("commits shortly after the moment are let in", () -> new CutRules() {
            @Override
            boolean after(long shardMicros, long micros, long momentMicros) {
                return micros > momentMicros + 50_000;
            }
        });
        faults.put("a shard whose archive ends early is taken for idle", () -> new CutRules() {
            @Override
            boolean needsHorizon() {
                return false;
            }
        });
        faults.put("a fence without every shard's mark is taken", () -> new CutRules() {
            @Override
            boolean needsEveryMark() {
                return false;
            }
        });
        faults.put("a fence's position is taken for a record's end", () -> new CutRules() {
            @Override
            @Nullable
            Lsn atOrBefore(ShardHistory shard, int segment, Lsn asked) {
                return asked;
            }
        });
        faults.put("a fence's position is rounded up", () -> new CutRules() {
            @Override
            @Nullable
            Lsn atOrBefore(ShardHistory shard, int segment, Lsn asked) {
                for (Event event : shard.segment(segment).events()) {
                    if (event.start().isBefore(asked) && event.end().isAfter(asked)) {
                        return event.end();
                    }
                }
                return shard.boundaryAtOrBefore(segment, asked);
            }
        });
        faults.put("before a transaction is behind its commit", () -> new CutRules() {
            @Override
            Lsn before(Event commit) {
                return commit.end();
            }
        });
        faults.put("after a transaction is before its commit", () -> new CutRules() {
            @Override
            Lsn after(Event commit) {
                return commit.before();
            }
        });
        faults.put("before a transaction goes by the part that was named", () -> new CutRules() {
            @Override
            boolean refusesToCommitWhatIsLeftOut() {
                return false;
            }

            @Override
            CommittedTransaction.Part first(CommittedTransaction transaction, int namedXid) {
                return transaction.parts().stream()
                        .filter(part -> part.commit().xid() == namedXid)
                        .findFirst()
                        .orElseThrow();
            }
        });
    }
}
