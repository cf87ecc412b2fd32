package io.isochron.capture;

import io.isochron.chronicle.Segment;
import io.isochron.store.Membership;
import io.isochron.store.Membership.State;
import io.isochron.store.MembershipChange.Kind;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Changes who belongs to a cluster. Each change is one object that is created as the last thing; until then, and if anything ends the work before, the old membership is in force.
 *
 * <p>A change counts from a moment a little after it is written: nobody can have been told about such a moment before, since capture has not come so far.
 */
public final class MembershipService {
    /** A change counts this long after it was decided upon; longer than it takes to create one object. */
    static final Duration AHEAD = Duration.ofSeconds(2);

    private static final long LOOK_MILLIS = 200;

    private final Repository repository;

    public MembershipService(Repository repository) {
        this.repository = repository;
    }

    /**
     * Whether a shard may be added; announces nothing.
     *
     * @return who it is
     * @throws CaptureException if it may not
     * @throws IOException if it cannot be reached or the repository cannot be read
     */
    public ShardIdentity candidate(ShardSource source) throws IOException {
        Membership membership = repository.reloadMembership();
        String name = source.name();
        Optional<State> state = membership.state(name);
        if (state.isPresent() && state.get() != State.JOINING) {
            throw state.get() == State.MEMBER
                    ? new CaptureException(
                            "shard " + name + " is a member of cluster "
                                    + membership.cluster().name() + " already",
                            "`isochron shard list` shows all shards")
                    : new CaptureException(
                            "shard " + name + " was "
                                    + (state.get() == State.REMOVED
                                            ? "a member until " + membership.left(name)
                                            : "withdrawn")
                                    + ", and its name stands for it for ever",
                            "give the shard another name in isochron.yaml");
        }
        ShardIdentity identity;
        try (ReplicationConnection connection =
                ReplicationConnection.open(source.settings().withApplicationName("isochron_shard"))) {
            ServerIdentity server = ServerIdentity.of(connection);
            server.requireSupported(name);
            if (state.isPresent()) {
                server.requireSame(name, repository);
            }
            identity = server.toShardIdentity(name);
        }
        for (ShardIdentity other : membership.cluster().shards()) {
            State is = membership.state(other.name()).orElseThrow();
            if (!other.name().equals(name)
                    && (is == State.MEMBER || is == State.JOINING)
                    && other.systemIdentifier().equals(identity.systemIdentifier())) {
                throw new CaptureException(
                        "shards " + other.name() + " and " + name + " are the same database (system identifier "
                                + identity.systemIdentifier() + ")",
                        "correct the connection of one of them");
            }
        }
        return identity;
    }

    /**
     * Makes a shard a member: announces it, waits until capture has begun with it, takes its part of a snapshot, and lets it join. Whoever repeats it goes on where it was interrupted.
     *
     * @param patience how long capture may take to begin
     * @return the moment from which on it is a member; the call returns when that is over
     * @throws CaptureException if it may not, or capture does not begin; it is no member then
     */
    public Instant add(ShardSource source, BackupOptions backup, Duration patience, BackupProgress.Listener listener)
            throws IOException, InterruptedException {
        ShardIdentity identity = candidate(source);
        if (repository.membership().state(source.name()).isEmpty()) {
            repository.changeMembership(Kind.ANNOUNCED, identity, Instant.now(), null);
        }
        awaitSafePoint(source.name(), patience);
        SnapshotService.backup(List.of(source), repository, backup, listener);
        Instant effective = effective();
        repository.changeMembership(Kind.JOINED, repository.cluster().shard(source.name()), Instant.now(), effective);
        await(effective);
        return effective;
    }

    /**
     * Lets a member leave, or withdraws one that was announced only.
     *
     * @return the first moment at which it is a member no longer; empty if it never was one
     * @throws CaptureException if it is no member
     */
    public Optional<Instant> remove(String shard) throws IOException, InterruptedException {
        Membership membership = repository.reloadMembership();
        State state = removable(membership, shard);
        ShardIdentity identity = membership.cluster().shard(shard);
        if (state == State.JOINING) {
            repository.changeMembership(Kind.WITHDRAWN, identity, Instant.now(), null);
            return Optional.empty();
        }
        Instant effective = effective();
        repository.changeMembership(Kind.REMOVED, identity, Instant.now(), effective);
        await(effective);
        return Optional.of(effective);
    }

    /**
     * What a shard is that is to be removed.
     *
     * @throws CaptureException if it cannot be
     */
    public static State removable(Membership membership, String shard) throws CaptureException {
        State state = membership.state(shard).orElse(null);
        if (state != State.MEMBER && state != State.JOINING) {
            throw new CaptureException(
                    "shard " + shard + " is not a member of cluster "
                            + membership.cluster().name()
                            + (state == State.REMOVED ? ": it was one until " + membership.left(shard) : ""),
                    "`isochron shard list` shows all shards");
        }
        if (state == State.MEMBER && membership.present().shards().size() == 1) {
            throw new CaptureException(
                    "shard " + shard + " is the only member of cluster "
                            + membership.cluster().name(),
                    "a cluster has at least one shard");
        }
        return state;
    }

    /** A little after now, and after everything that capture has seen: its clock is the reference. */
    private Instant effective() throws IOException {
        Instant latest = Instant.now();
        Membership membership = repository.membership();
        for (String member : membership.present().shards()) {
            Optional<Segment> newest = new ArchivePosition(repository, member).look();
            Instant seen = newest.map(segment -> Instant.EPOCH.plus(segment.referenceLastMicros(), ChronoUnit.MICROS))
                    .orElse(Instant.MIN);
            latest = seen.isAfter(latest) ? seen : latest;
        }
        latest = membership.lastChange().isAfter(latest) ? membership.lastChange() : latest;
        return latest.plus(AHEAD).truncatedTo(ChronoUnit.MICROS);
    }

    private static void await(Instant moment) throws InterruptedException {
        for (Instant now = Instant.now(); now.isBefore(moment); now = Instant.now()) {
            TimeUnit.MICROSECONDS.sleep(ChronoUnit.MICROS.between(now, moment) + 1);
        }
    }

    /** Until something of the shard is archived that a cut could be made of: a safe point and a reading of its clock. */
    private void awaitSafePoint(String shard, Duration patience) throws IOException, InterruptedException {
        ArchivePosition position = new ArchivePosition(repository, shard);
        long begin = System.nanoTime();
        while (position.look()
                .filter(segment ->
                        segment.safePoint() != null && !segment.clocks().isEmpty())
                .isEmpty()) {
            if (System.nanoTime() - begin > patience.toNanos()) {
                throw new CaptureException(
                        "shard " + shard + " is announced, but capture has not begun with it for "
                                + patience.toSeconds() + " s; it is not a member",
                        "let `isochron capture` run with the isochron.yaml that names it, and run the command again");
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }
}
