/**
 * A bank whose accounts are spread over shards, with traffic that moves money between shards by two-phase commit (XA), and the
 * invariants by which anyone can see whether a copy of it is whole: the sum of balances is constant, every account agrees with its
 * ledger, every transfer is on both its shards or on neither. It knows nothing but JDBC and its own tables.
 */
@NullMarked
package io.isochron.workload;

import org.jspecify.annotations.NullMarked;
