package io.isochron.restore;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a restore is carried out and what is proven afterwards.
 *
 * @param postgresBin a directory with PostgreSQL's programs; empty: looked for
 * @param superuser the role for all work inside the restored servers; empty: the role the snapshot names, else {@code postgres}
 * @param database the database in which invariants run that name none
 * @param parallelism how many pieces of a shard are fetched at once; at least 1
 * @param sharedBuffersMiB memory for each restored server's buffers; at least 1
 * @param countRows whether rows of all tables are counted at the snapshot and at the cut (reads every table twice)
 * @param checkPages whether every table and index is checked by amcheck (reads everything once)
 * @param invariants what must hold over the whole cluster
 * @param expectedSchemas by shard name, what {@link SchemaListing#read} must give; shards that are not named are not compared
 */
public record RestoreOptions(
        Optional<Path> postgresBin,
        Optional<String> superuser,
        String database,
        int parallelism,
        int sharedBuffersMiB,
        boolean countRows,
        boolean checkPages,
        List<Invariant> invariants,
        Map<String, SchemaListing> expectedSchemas) {

    public RestoreOptions {
        invariants = List.copyOf(invariants);
        expectedSchemas = Map.copyOf(expectedSchemas);
        if (parallelism < 1 || sharedBuffersMiB < 1) {
            throw new IllegalArgumentException("parallelism " + parallelism + " and shared buffers " + sharedBuffersMiB
                    + " MiB must both be at least 1\nhint: leave them out to get the defaults");
        }
    }

    /** Everything looked for, counted and checked; no invariants. */
    public static RestoreOptions defaults() {
        return new RestoreOptions(
                Optional.empty(), Optional.empty(), "postgres", 2, 64, true, true, List.of(), Map.of());
    }

    /** The same with other invariants, which run in the given database. */
    public RestoreOptions withInvariants(String inDatabase, List<Invariant> all) {
        return new RestoreOptions(
                postgresBin,
                superuser,
                inDatabase,
                parallelism,
                sharedBuffersMiB,
                countRows,
                checkPages,
                all,
                expectedSchemas);
    }

    /** The same with PostgreSQL's programs in a given directory. */
    public RestoreOptions withPostgresBin(Path bin) {
        return new RestoreOptions(
                Optional.of(bin),
                superuser,
                database,
                parallelism,
                sharedBuffersMiB,
                countRows,
                checkPages,
                invariants,
                expectedSchemas);
    }

    /** The same with schemas to compare with, by shard name. */
    public RestoreOptions withExpectedSchemas(Map<String, SchemaListing> schemas) {
        return new RestoreOptions(
                postgresBin,
                superuser,
                database,
                parallelism,
                sharedBuffersMiB,
                countRows,
                checkPages,
                invariants,
                schemas);
    }

    /** The same with or without reading whole tables for counts and page checks. */
    public RestoreOptions withChecks(boolean rows, boolean pages) {
        return new RestoreOptions(
                postgresBin,
                superuser,
                database,
                parallelism,
                sharedBuffersMiB,
                rows,
                pages,
                invariants,
                expectedSchemas);
    }

    /** The same with a given superuser. */
    public RestoreOptions withSuperuser(String role) {
        return new RestoreOptions(
                postgresBin,
                Optional.of(role),
                database,
                parallelism,
                sharedBuffersMiB,
                countRows,
                checkPages,
                invariants,
                expectedSchemas);
    }
}
