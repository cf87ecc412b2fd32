package io.isochron.restore;

import java.util.List;

/**
 * Everything that was checked on a restored cluster.
 *
 * @param proofs in the order they were made
 */
public record ProofReport(List<Proof> proofs) {
    public ProofReport {
        proofs = List.copyOf(proofs);
    }

    /** True if no proof failed and at least one held. */
    public boolean held() {
        return failed().isEmpty() && proofs.stream().anyMatch(proof -> proof.outcome() == Proof.Outcome.HELD);
    }

    /** The proofs that failed. */
    public List<Proof> failed() {
        return withOutcome(Proof.Outcome.FAILED);
    }

    /** The proofs about which nothing can be said. */
    public List<Proof> notComputable() {
        return withOutcome(Proof.Outcome.NOT_COMPUTABLE);
    }

    private List<Proof> withOutcome(Proof.Outcome outcome) {
        return proofs.stream().filter(proof -> proof.outcome() == outcome).toList();
    }
}
