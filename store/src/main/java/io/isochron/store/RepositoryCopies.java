package io.isochron.store;

import io.isochron.objects.CopyListener;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.ReplicatedStore;
import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** A repository that lies in several stores (docs/copies.md): what a {@link ReplicatedStore} has to know of it, and verification of every copy. */
public final class RepositoryCopies {
    private RepositoryCopies() {}

    /**
     * Opens the stores of a repository as one.
     *
     * @param stores by the copies' names, nearest first
     * @param confirmations how many must have an object before it counts as durable
     */
    public static ReplicatedStore of(
            Map<String, ? extends ObjectStore> stores,
            int confirmations,
            ReplicatedStore.Role role,
            CopyListener listener) {
        return new ReplicatedStore(stores, confirmations, Names.HEADER, RepositoryCopies::contested, role, listener);
    }

    /**
     * Names that follow from what is there already, so that a writer that died, or one that is cut off, may have left other bytes under them. The name of a snapshot may be taken by
     * whoever gives it up. All other names are used by one writer only, or say what their bytes are.
     */
    public static boolean contested(ObjectName name) {
        String value = name.value();
        return !value.startsWith("wal/") && !value.startsWith("pack/") && !value.startsWith("manifest/");
    }

    /** Names of objects that are removed soon, such as leases: no store locks them. */
    public static boolean ephemeral(ObjectName name) {
        return name.value().startsWith(Names.LEASES);
    }

    /** {@link #verify(ReplicatedStore, RepositoryKey, VerifyScope, Sampling, SegmentCheck, Consumer)} of everything in scope. */
    public static VerifySummary verify(
            ReplicatedStore store, RepositoryKey key, VerifyScope scope, Consumer<CopyFinding> findings)
            throws IOException {
        return verify(store, key, scope, Sampling.ALL, SegmentCheck.NONE, findings);
    }

    /**
     * Verifies every copy on its own, and, if everything is in scope, that none lacks what another one has.
     *
     * Opened for {@link ReplicatedStore.Role#READER}, since a writer places what is missing when it lists. Nothing is repaired, and reading this store repairs nothing from then on, until {@link #repair}.
     *
     * @param findings is told every finding with the name of its copy
     * @return sums over all copies
     */
    public static VerifySummary verify(
            ReplicatedStore store,
            RepositoryKey key,
            VerifyScope scope,
            Sampling sampling,
            SegmentCheck check,
            Consumer<CopyFinding> findings)
            throws IOException {
        // what opening it repairs would not be found
        store.setRepairing(false);
        VerifySummary sum = VerifySummary.problems(0);
        Repository whole = Repository.open(store, key);
        for (Map.Entry<String, ObjectStore> copy : store.copies().entrySet()) {
            sum = sum.plus(whole.verifyCopy(
                    copy.getValue(),
                    scope,
                    sampling,
                    check,
                    finding -> findings.accept(new CopyFinding(copy.getKey(), finding))));
        }
        if (scope.equals(VerifyScope.ALL)) {
            long[] lacking = {0};
            store.compare((copy, name) -> {
                lacking[0]++;
                findings.accept(new CopyFinding(
                        copy, new Finding(Severity.MISSING, name.value(), "it is in another copy and not here")));
            });
            sum = sum.plus(VerifySummary.problems(lacking[0]));
        }
        return sum;
    }

    /**
     * Puts right what can be: each object that was found damaged or missing in one copy is read in all of them.
     *
     * @param found what {@link #verify} found
     * @param check asked of each chronicle segment that is whole again: copies may agree on what nobody understands
     * @param outcome is told, for each object concerned, what came of it; a notice if it is whole in all copies that answer
     */
    public static void repair(
            ReplicatedStore store,
            RepositoryKey key,
            Iterable<CopyFinding> found,
            SegmentCheck check,
            Consumer<Finding> outcome)
            throws IOException {
        store.setRepairing(true);
        Repository whole = Repository.open(store, key);
        Set<String> objects = new LinkedHashSet<>();
        for (CopyFinding finding : found) {
            Severity severity = finding.finding().severity();
            if (severity == Severity.DAMAGE || severity == Severity.MISSING) {
                objects.add(finding.finding().object());
            }
        }
        for (String object : objects) {
            outcome.accept(repair(store, whole, object, check));
        }
    }

    private static Finding repair(ReplicatedStore store, Repository whole, String object, SegmentCheck check) {
        try {
            store.mend(new ObjectName(object), Seal.MAX_SEALED_BYTES, whole.check(new ObjectName(object)));
            Optional<String> wrong = whole.wrong(new ObjectName(object), check);
            return wrong.isPresent()
                    ? new Finding(Severity.DAMAGE, object, "no copy can be understood: " + wrong.get())
                    : new Finding(Severity.NOTICE, object, "it is whole again");
        } catch (ObjectNotFoundException e) {
            return new Finding(Severity.MISSING, object, "no copy has it");
        } catch (io.isochron.objects.ObjectDamagedException e) {
            return new Finding(Severity.DAMAGE, object, "no copy is whole: " + e.reason());
        } catch (IOException | IllegalArgumentException e) {
            return new Finding(Severity.UNKNOWN, object, "it could not be repaired: " + e.getMessage());
        }
    }

    /** A finding in one copy. */
    public record CopyFinding(String copy, Finding finding) {
        @Override
        public String toString() {
            return "copy " + copy + ": " + finding;
        }
    }
}
