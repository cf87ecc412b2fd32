/**
 * What tests of the other rooms stand on: clusters of real PostgreSQL shards, workloads whose invariants can be checked, and
 * faults. Nothing here is shipped.
 */
@NullMarked
package io.isochron.testkit;

import org.jspecify.annotations.NullMarked;
