package io.isochron.app;

import io.isochron.store.RepositoryKey;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Makes sure that somebody has read that the key must be kept, before a repository depends on it. */
final class KeyKeeping {
    private final Host host;
    private final KeySource source;
    private final boolean known;

    /** @param known whether the option said so already */
    KeyKeeping(Host host, KeySource source, boolean known) {
        this.host = host;
        this.source = source;
        this.known = known;
    }

    /** Refuses if nobody is there to be asked; nothing was touched then. */
    void requireSomebody() throws AppException {
        if (!known && host.answers() == null) {
            throw new AppException(
                    ExitCode.REFUSED,
                    "the repository will be lost for good with its key (" + source.describe()
                            + "), and nobody has said that a copy is kept",
                    "keep a copy elsewhere and say so with --key-kept, or run init on a terminal.");
        }
    }

    /** Asks for the key's id. */
    void acknowledge(RepositoryKey key) throws AppException, IOException {
        if (known || host.answers() == null) {
            return;
        }
        String id = key.primaryKeyId();
        host.err().println("The repository is sealed by key " + id + " in " + source.describe() + ".");
        host.err().println("Whoever loses it loses the repository, for good: nobody can open it without.");
        host.err().println("Copy it now to another medium, away from the repository and from this host.");
        host.err().print("When it is copied, type the key's id: ");
        host.err().flush();
        String typed = new BufferedReader(new InputStreamReader(host.answers(), StandardCharsets.UTF_8)).readLine();
        if (typed == null || !typed.strip().equalsIgnoreCase(id)) {
            throw new AppException(
                    ExitCode.REFUSED,
                    "the id that was typed is not that of key " + id + "; no repository was made",
                    "run init again; it uses the key that is in " + source.describe() + ".");
        }
    }
}
