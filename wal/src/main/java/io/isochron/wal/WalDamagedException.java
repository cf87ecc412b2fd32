package io.isochron.wal;

/**
 * WAL bytes are not what PostgreSQL writes: a checksum, a length, a link or a page header does not hold. Nothing after
 * {@link #at()} can be trusted.
 */
public final class WalDamagedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final long at;
    private final String fault;

    /**
     * @param at position of the record or page that is damaged
     * @param fault what did not hold, with the values, lower case, without a position
     */
    public WalDamagedException(Lsn at, String fault) {
        super("damaged WAL at " + at + ": " + fault
                + "\nhint: fetch this range again from another copy; WAL before this position is sound");
        this.at = at.value();
        this.fault = fault;
    }

    /** Where the damaged record or page begins; everything before it was sound. */
    public Lsn at() {
        return new Lsn(at);
    }

    /** What did not hold. */
    public String fault() {
        return fault;
    }
}
