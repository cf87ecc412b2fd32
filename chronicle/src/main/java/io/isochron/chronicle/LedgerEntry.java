package io.isochron.chronicle;

import io.isochron.wal.RelationFile;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One link of a shard's ledger: what its segments of about a minute say, shortly; or a roll-up of the same shape for an hour or a day, which can be made again from what is below it. The minutes of a
 * shard are numbered without a hole, each names the hash of the one before and goes on exactly where that one ends, in number of segments and in position.
 *
 * @param level minute, or a roll-up
 * @param shard name of the shard
 * @param number of a minute: from 0, one more for each; of a roll-up: its period
 * @param linkSha256 of a minute: SHA-256 of the previous minute's bytes ({@link Segment#NO_PREVIOUS} for the first); of a roll-up: that of the last entry below
 * @param period which minute, hour or day since the Unix epoch, by reference time; never less than the one before
 * @param cover which segments and positions it covers
 * @param digest what happened in them
 * @param names names of storage that the digest mentions, and every name that was learned or changed in it, ordered by database, OID and position
 * @param forgotten storage that went, and whose name was known
 * @param catalog the first minute of an hour lists all names known here, so that a reader may start anywhere; empty in all others
 * @param carried work of transactions that had not ended, for the next minute; empty in roll-ups
 * @param carriedDdl messages of the SQL helper in transactions that had not ended, by transaction and position; empty in roll-ups
 */
public record LedgerEntry(
        LedgerLevel level,
        String shard,
        long number,
        String linkSha256,
        long period,
        LedgerCover cover,
        LedgerDigest digest,
        List<RelationObservation> names,
        List<RelationFile> forgotten,
        List<RelationObservation> catalog,
        List<CarriedWork> carried,
        List<DdlMessage> carriedDdl) {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    /** The same with other lists at its end. */
    LedgerEntry with(
            List<RelationObservation> otherCatalog, List<CarriedWork> otherCarried, List<DdlMessage> otherDdl) {
        return new LedgerEntry(
                level,
                shard,
                number,
                linkSha256,
                period,
                cover,
                digest,
                names,
                forgotten,
                otherCatalog,
                otherCarried,
                otherDdl);
    }

    /** @throws IllegalArgumentException if the fields contradict each other */
    public LedgerEntry {
        names = List.copyOf(names);
        forgotten = List.copyOf(forgotten);
        catalog = List.copyOf(catalog);
        carried = List.copyOf(carried);
        carriedDdl = List.copyOf(carriedDdl);
        boolean minute = level == LedgerLevel.MINUTE;
        boolean sound = number >= 0
                && SHA256.matcher(linkSha256).matches()
                && (!minute || (cover.firstEntry() == number && cover.lastEntry() == number))
                && (minute
                        || (number == period
                                && carried.isEmpty()
                                && carriedDdl.isEmpty()
                                && forgotten.isEmpty()
                                && catalog.isEmpty()));
        if (!sound) {
            throw new IllegalArgumentException(
                    "ledger entry " + level + " " + number + " of shard '" + shard + "' is not sound");
        }
    }
}
