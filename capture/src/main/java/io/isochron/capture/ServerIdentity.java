package io.isochron.capture;

import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.wire.ReplicationConnection;
import io.isochron.wire.SystemIdentity;
import java.io.IOException;

/**
 * Who answered at a shard's address.
 *
 * @param systemIdentifier decimal
 * @param major PostgreSQL's major version
 * @param versionNum as {@code server_version_num}
 * @param timeline the server's current PostgreSQL timeline
 * @param walSegmentSizeBytes size of a WAL segment file
 * @param standby whether it is in recovery
 */
public record ServerIdentity(
        String systemIdentifier, int major, int versionNum, int timeline, int walSegmentSizeBytes, boolean standby) {

    /** The oldest and newest major versions that this version of Isochron captures. */
    public static final int MAJOR_MIN = 14;

    public static final int MAJOR_MAX = 18;

    /** Asks a server. */
    public static ServerIdentity of(ReplicationConnection connection) throws IOException {
        SystemIdentity system = connection.identifySystem();
        int versionNum = connection.serverVersionNum();
        return new ServerIdentity(
                system.systemIdentifier(),
                versionNum / 10_000,
                versionNum,
                system.timeline(),
                bytes(connection.show("wal_segment_size")),
                connection.show("in_hot_standby").equals("on"));
    }

    /** What the repository keeps of it under the shard's name. */
    public ShardIdentity toShardIdentity(String shard) {
        return new ShardIdentity(shard, systemIdentifier, major, walSegmentSizeBytes);
    }

    /**
     * Refuses a server whose version is not supported.
     *
     * @throws CaptureException naming shard and version
     */
    public void requireSupported(String shard) throws CaptureException {
        if (major < MAJOR_MIN || major > MAJOR_MAX) {
            throw new CaptureException(
                    "shard " + shard + " runs PostgreSQL " + major + ", which is not supported",
                    "this version of isochron captures PostgreSQL " + MAJOR_MIN + " to " + MAJOR_MAX);
        }
    }

    /**
     * Refuses a server that is not the one whose history the repository keeps under this name.
     *
     * @throws CaptureException naming what differs
     */
    void requireSame(String shard, Repository repository) throws CaptureException {
        requireSupported(shard);
        ShardIdentity known = known(shard, repository);
        if (!known.systemIdentifier().equals(systemIdentifier)) {
            throw new CaptureException(
                    "behind the address of shard " + shard + " is the system " + systemIdentifier
                            + ", the repository keeps the system " + known.systemIdentifier(),
                    "the address leads to another server, or the shard was made anew: correct the address, or begin a new repository");
        }
        if (known.postgresMajor() != major) {
            throw new CaptureException(
                    "shard " + shard + " runs PostgreSQL " + major + ", the repository keeps it as PostgreSQL "
                            + known.postgresMajor(),
                    "after an upgrade to another major version begin a new repository and take a snapshot");
        }
        if (known.walSegmentSizeBytes() != walSegmentSizeBytes) {
            throw new CaptureException(
                    "shard " + shard + " has wal segments of " + walSegmentSizeBytes
                            + " bytes, the repository keeps it with " + known.walSegmentSizeBytes(),
                    "pg_resetwal changed the size; begin a new repository and take a snapshot");
        }
    }

    /** The repository's word about a shard. */
    static ShardIdentity known(String shard, Repository repository) throws CaptureException {
        try {
            return repository.cluster().shard(shard);
        } catch (IllegalArgumentException e) {
            throw new CaptureException(
                    "the repository of cluster " + repository.cluster().name() + " has no shard " + shard,
                    "correct the shard's name, or begin a new repository with it",
                    e);
        }
    }

    /** A size as SHOW gives it, such as {@code 16MB} or {@code 1GB}. */
    static int bytes(String shown) throws CaptureException {
        int digits = 0;
        while (digits < shown.length() && Character.isDigit(shown.charAt(digits))) {
            digits++;
        }
        try {
            int number = Integer.parseInt(shown.substring(0, digits));
            int factor = switch (shown.substring(digits)) {
                case "", "B" -> 1;
                case "kB" -> 1 << 10;
                case "MB" -> 1 << 20;
                case "GB" -> 1 << 30;
                default -> throw new NumberFormatException(shown);
            };
            return Math.multiplyExact(number, factor);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new CaptureException(
                    "wal_segment_size is '" + shown + "', which is not a size", "is this PostgreSQL?", e);
        }
    }
}
