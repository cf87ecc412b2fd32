package io.isochron.wal;

import java.util.OptionalInt;
import java.util.zip.CRC32C;

/**
 * The content of {@code global/pg_control} (struct {@code ControlFileData}, src/include/catalog/pg_control.h).
 *
 * @param systemIdentifier number made by initdb, unsigned 64-bit, the same on all copies of a server
 * @param controlVersion version of this format: 1300 (14 to 16), 1700 (17) or 1800 (18)
 * @param catalogVersion version of the system catalogs
 * @param state what the server did when it wrote the file
 * @param timeSeconds when it was written, seconds since the Unix epoch
 * @param checkpointLsn position of the last checkpoint's record
 * @param checkpoint that checkpoint
 * @param minRecoveryPoint replay must reach this before the data is consistent; 0 if it need not
 * @param minRecoveryTimeline PostgreSQL timeline of that point
 * @param backupStart where the restored base backup began, 0 when its end has been replayed
 * @param backupEnd where it ended, if taken from a standby
 * @param backupEndRequired whether the end-of-backup record must be replayed first
 * @param settings values a standby must match or exceed
 * @param dataPageBytes size of a data page
 * @param walPageBytes size of a WAL page
 * @param walSegmentBytes size of a WAL segment
 * @param dataChecksumVersion 0 if data pages carry no checksums
 */
public record ControlFile(
        long systemIdentifier,
        int controlVersion,
        int catalogVersion,
        State state,
        long timeSeconds,
        Lsn checkpointLsn,
        Checkpoint checkpoint,
        Lsn minRecoveryPoint,
        int minRecoveryTimeline,
        Lsn backupStart,
        Lsn backupEnd,
        boolean backupEndRequired,
        RelationChange.ParametersChanged settings,
        int dataPageBytes,
        int walPageBytes,
        int walSegmentBytes,
        int dataChecksumVersion) {
    /** What a server did when it wrote its control file, in PostgreSQL's order. */
    public enum State {
        STARTUP,
        SHUT_DOWN,
        SHUT_DOWN_IN_RECOVERY,
        SHUTTING_DOWN,
        IN_CRASH_RECOVERY,
        IN_ARCHIVE_RECOVERY,
        IN_PRODUCTION
    }

    private static final int[][] CATALOG_VERSIONS = {
        {202107181, 14}, {202209061, 15}, {202307071, 16}, {202406281, 17}, {202506291, 18}
    };
    private static final int VERSION_14_TO_16 = 1300;
    private static final int VERSION_17 = 1700;
    private static final int VERSION_18 = 1800;
    /** 18 put {@code default_char_signedness} before the nonce, which moves the checksum by its alignment. */
    private static final int CRC_AT_14_TO_17 = 288;

    private static final int CRC_AT_18 = 292;

    /**
     * Reads the file's content.
     *
     * @param bytes the file, 8192 bytes as a rule; only the struct at its beginning counts
     * @throws IllegalArgumentException if it is too short, of an unsupported version, or its checksum does not hold
     */
    public static ControlFile parse(byte[] bytes) {
        if (bytes.length < CRC_AT_18 + 4) {
            throw new IllegalArgumentException("pg_control has " + bytes.length + " bytes, expected 8192");
        }
        int version = LittleEndian.i32(bytes, 8);
        if (version != VERSION_14_TO_16 && version != VERSION_17 && version != VERSION_18) {
            throw new IllegalArgumentException("pg_control version " + version + " is not supported\nhint: "
                    + VERSION_14_TO_16 + ", " + VERSION_17 + " and " + VERSION_18 + " (PostgreSQL 14 to 18) are");
        }
        int crcAt = version == VERSION_18 ? CRC_AT_18 : CRC_AT_14_TO_17;
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, crcAt);
        if ((int) crc.getValue() != LittleEndian.i32(bytes, crcAt)) {
            throw new IllegalArgumentException(
                    "pg_control has checksum " + WalFormat.hex(LittleEndian.i32(bytes, crcAt))
                            + ", its content gives " + WalFormat.hex((int) crc.getValue())
                            + "\nhint: the file is damaged, or was read while it was being written: read it again");
        }
        return new ControlFile(
                LittleEndian.i64(bytes, 0),
                version,
                LittleEndian.i32(bytes, 12),
                state(LittleEndian.i32(bytes, 16)),
                LittleEndian.i64(bytes, 24),
                new Lsn(LittleEndian.i64(bytes, 32)),
                Checkpoint.read(bytes, 40),
                new Lsn(LittleEndian.i64(bytes, 136)),
                LittleEndian.i32(bytes, 144),
                new Lsn(LittleEndian.i64(bytes, 152)),
                new Lsn(LittleEndian.i64(bytes, 160)),
                bytes[168] != 0,
                new RelationChange.ParametersChanged(
                        LittleEndian.i32(bytes, 180),
                        LittleEndian.i32(bytes, 184),
                        LittleEndian.i32(bytes, 188),
                        LittleEndian.i32(bytes, 192),
                        LittleEndian.i32(bytes, 196),
                        LittleEndian.i32(bytes, 172),
                        bytes[176] != 0,
                        bytes[200] != 0),
                LittleEndian.i32(bytes, 216),
                LittleEndian.i32(bytes, 224),
                LittleEndian.i32(bytes, 228),
                LittleEndian.i32(bytes, 252));
    }

    /** The PostgreSQL major version whose released catalogs these are; empty for others, such as betas. */
    public OptionalInt majorVersion() {
        for (int[] known : CATALOG_VERSIONS) {
            if (known[0] == catalogVersion) {
                return OptionalInt.of(known[1]);
            }
        }
        return OptionalInt.empty();
    }

    private static State state(int number) {
        State[] states = State.values();
        if (number < 0 || number >= states.length) {
            throw new IllegalArgumentException("pg_control names state " + number + ", which does not exist");
        }
        return states[number];
    }
}
