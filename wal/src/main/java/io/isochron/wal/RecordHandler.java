package io.isochron.wal;

/** Receives the complete, checksummed records of a {@link WalReader} in the order of the log. */
@FunctionalInterface
public interface RecordHandler {
    /**
     * Called once for each record.
     *
     * @param record a view that is valid only during this call: the reader reuses it
     * @throws WalDamagedException if the content of the record is not what its header promises; the reader then refuses further bytes
     */
    void record(WalRecord record) throws WalDamagedException;
}
