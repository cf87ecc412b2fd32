package io.isochron.restore;

import io.isochron.chronicle.Certificate;
import io.isochron.chronicle.ClusterHistory;
import io.isochron.chronicle.Decision;
import io.isochron.store.Repository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes all proofs. Shards can be proven by several threads at once. */
final class ClusterProof {

    private final Repository repository;
    private final RestorePlan plan;
    private final RestoreJournal journal;
    private final RestoreOptions options;
    private final List<Decision> decisions;
    private @Nullable ClusterHistory history;

    ClusterProof(Repository repository, RestorePlan plan, RestoreJournal journal, RestoreOptions options)
            throws IOException {
        this.repository = repository;
        this.plan = plan;
        this.journal = journal;
        this.options = options;
        try {
            this.decisions = Certificate.fromJson(plan.certificate().getBytes(StandardCharsets.UTF_8))
                    .cut()
                    .decisions();
        } catch (IllegalArgumentException e) {
            throw new RestoreException(
                    "the certificate of plan " + plan.id() + " cannot be read: " + e.getMessage(),
                    "make a new plan",
                    e);
        }
    }

    /** What is proven of one shard by itself. */
    List<Proof> shard(ShardRestore shard) throws IOException, SQLException {
        String name = shard.plan().shard();
        ShardServer server = shard.server();
        List<Proof> proofs = new ArrayList<>();
        proofs.add(shard.settlement().prove());
        if (options.countRows()) {
            proofs.add(new RowCountProof(name, journal.shard(name), shard.plan().boundary(), history(), decisions)
                    .prove(server));
        }
        SchemaListing expected = options.expectedSchemas().get(name);
        if (expected != null) {
            proofs.add(schema(name, server, expected));
        }
        if (options.checkPages()) {
            proofs.add(PageProof.prove(name, server));
        }
        return proofs;
    }

    /** What is proven of the cluster as a whole. */
    List<Proof> cluster(Map<String, Sessions> sessions) {
        return options.invariants().stream()
                .map(invariant -> InvariantProof.prove(invariant, sessions, options.database()))
                .toList();
    }

    private Proof schema(String shard, Sessions sessions, SchemaListing expected) throws SQLException {
        long begin = System.nanoTime();
        SchemaListing actual;
        try (Connection connection = sessions.open(options.database(), false)) {
            actual = SchemaListing.read(connection);
        }
        String detail = expected.differences(actual);
        boolean held = expected.equals(actual);
        return new Proof(
                "schema",
                shard,
                held ? Proof.Outcome.HELD : Proof.Outcome.FAILED,
                held ? actual.lines().size() + " definitions are the expected ones" : detail,
                (System.nanoTime() - begin) / 1_000_000);
    }

    /** What the chronicle says of the time from the snapshots to the cut; read once. */
    private synchronized ClusterHistory history() throws IOException {
        ClusterHistory known = history;
        if (known == null) {
            known = ProofHistory.load(repository, plan);
            history = known;
        }
        return known;
    }
}
