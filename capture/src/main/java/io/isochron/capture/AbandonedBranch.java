package io.isochron.capture;

/**
 * What capture does when a shard comes back on a PostgreSQL timeline that branched off before the end of what is archived, as after a failover to a standby that had not received everything. Nothing that
 * is archived is ever removed by it.
 */
public enum AbandonedBranch {
    /** Follow if the shard has several addresses, so that a failover is what is expected; refuse if it has one. */
    AUTO,
    /** The shard's history goes on on the new line, from the point where it branched off; what is archived beyond that is superseded. */
    FOLLOW,
    /** Stop with an alarm. */
    REFUSE;

    boolean follow(boolean severalAddresses) {
        return this == FOLLOW || (this == AUTO && severalAddresses);
    }
}
