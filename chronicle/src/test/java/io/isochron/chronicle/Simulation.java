package io.isochron.chronicle;

import io.isochron.chronicle.SimulatedShard.Truth;
import io.isochron.chronicle.SimulatedTransaction.SimulatedBranch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Solves simulated clusters and shows the smallest one for which a promise is broken. */
final class Simulation {
    private final Dialect dialect;
    private final CutRules rules;
    private long cuts;
    private long refused;
    private long lowered;
    private long decided;
    private long late;
    private long events;

    Simulation(Dialect dialect, CutRules rules) {
        this.dialect = dialect;
        this.rules = rules;
    }

    /** Tries one cluster; answers a description of the smallest failing case found. */
    Optional<String> failure(long seed, int targets) {
        SimulationGenerator generator = new SimulationGenerator(seed);
        SimulatedCluster cluster = generator.next();
        cluster.shards()
                .forEach(shard -> events += shard.events(cluster.transactions()).size());
        Map<Set<Integer>, Known> known = new HashMap<>();
        for (SimulatedTarget target : generator.targets(cluster, targets)) {
            SimulatedCluster members = cluster.members(target.membersAt(cluster));
            if (violation(known.computeIfAbsent(members.absent(), absent -> Known.of(members, rules)), target)
                    .isPresent()) {
                return Optional.of(show(seed, smaller(cluster, target), target));
            }
        }
        return Optional.empty();
    }

    /** A cluster of the shards that are members, what happened in it, and what is known of that. */
    private record Known(SimulatedCluster cluster, List<List<Truth>> truths, ClusterHistory history) {
        static Known of(SimulatedCluster members, CutRules rules) {
            List<List<Truth>> truths = members.truths();
            return new Known(members, truths, members.history(truths, rules));
        }
    }

    private Optional<String> violation(SimulatedCluster whole, SimulatedTarget simulated) {
        return violation(Known.of(whole.members(simulated.membersAt(whole)), rules), simulated);
    }

    private Optional<String> violation(Known known, SimulatedTarget simulated) {
        Optional<Target> target = simulated.in(known.cluster, known.truths);
        if (target.isEmpty()) {
            return Optional.empty();
        }
        Solution solution = new CutSolver(known.history, dialect, rules).solve(target.get());
        return switch (solution) {
            case Cut cut -> {
                count(cut);
                yield CutOracle.violation(known.cluster, known.truths, cut);
            }
            case Unreachable unreachable -> {
                refused++;
                yield Optional.empty();
            }
        };
    }

    private void count(Cut cut) {
        cuts++;
        lowered += cut.boundaries().stream().anyMatch(b -> !b.lowerings().isEmpty()) ? 1 : 0;
        decided += cut.decisions().size();
        late += cut.lateCommits().size();
    }

    /** Leaves out transactions, half of them first, then single ones, as long as a promise stays broken. */
    private SimulatedCluster smaller(SimulatedCluster failing, SimulatedTarget target) {
        SimulatedCluster best = failing;
        for (int piece = Math.max(1, best.transactions().size() / 2); piece >= 1; piece /= 2) {
            for (int at = 0; at < best.transactions().size(); ) {
                List<SimulatedTransaction> fewer = new ArrayList<>(best.transactions());
                fewer.subList(at, Math.min(at + piece, fewer.size())).clear();
                SimulatedCluster candidate = best.with(fewer);
                if (violation(candidate, target).isPresent()) {
                    best = candidate;
                } else {
                    at += piece;
                }
            }
        }
        return best;
    }

    private String show(long seed, SimulatedCluster whole, SimulatedTarget target) {
        SimulatedCluster cluster = whole.members(target.membersAt(whole));
        StringBuilder text = new StringBuilder();
        text.append("history of seed ")
                .append(seed)
                .append(", made smaller, target ")
                .append(target)
                .append(": ");
        text.append(violation(whole, target).orElseThrow()).append('\n');
        for (SimulatedTransaction transaction : cluster.transactions()) {
            text.append("  transaction ")
                    .append(transaction.id())
                    .append(' ')
                    .append(transaction.naming())
                    .append(
                            transaction.naming() == SimulatedTransaction.Naming.CITUS
                                    ? " number " + transaction.number()
                                    : "")
                    .append('\n');
            for (SimulatedBranch branch : transaction.branches()) {
                text.append("    ").append(branch).append('\n');
            }
        }
        for (SimulatedShard shard : cluster.shards()) {
            text.append("  s")
                    .append(shard.index())
                    .append(" skew ")
                    .append(shard.skew())
                    .append(" steps ")
                    .append(shard.steps())
                    .append(" round trip ")
                    .append(shard.roundTrip())
                    .append(" read at ")
                    .append(shard.readAt())
                    .append(" joined ")
                    .append(shard.joined())
                    .append(" left ")
                    .append(shard.left())
                    .append('\n');
        }
        List<List<Truth>> truths = cluster.truths();
        text.append("  fences ")
                .append(cluster.fences())
                .append(", points ")
                .append(cluster.points())
                .append('\n');
        text.append("  ")
                .append(new CutSolver(cluster.history(truths, rules), dialect, rules)
                        .solve(target.in(cluster, truths).orElseThrow()));
        return text.toString();
    }

    long events() {
        return events;
    }

    long cuts() {
        return cuts;
    }

    @Override
    public String toString() {
        return cuts + " cuts, " + refused + " refused, " + lowered + " lowered, " + decided + " decisions, " + late
                + " late commits, " + events + " events";
    }
}
