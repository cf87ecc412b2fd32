package io.isochron.store;

import java.io.IOException;
import java.util.function.Consumer;

/** Rereads a repository and checks that what it holds belongs together. */
@SuppressWarnings({"DoNotCallSuggester", "UnusedVariable"})
final class Verifier {
    Verifier(SealedStore sealed, ClusterIdentity cluster, Consumer<Finding> findings) {}

    VerifySummary run(VerifyScope scope) throws IOException {
        throw new IOException("under construction");
    }
}
