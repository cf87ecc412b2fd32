package io.isochron.chronicle;

import java.util.List;

/**
 * gids of prepared branches that a transaction wrote into its coordinator's log table ({@code pg_dist_transaction} of Citus). Its commit is
 * the decision to commit those branches.
 *
 * @param xid unsigned id of the transaction whose commit decides; of the writing (sub)transaction while it is open
 * @param gids in the order in which they were written, each once
 */
public record RecordedGids(int xid, List<String> gids) {
    public RecordedGids {
        gids = List.copyOf(gids);
    }
}
