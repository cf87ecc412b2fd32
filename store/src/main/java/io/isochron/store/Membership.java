package io.isochron.store;

import io.isochron.store.MembershipChange.Kind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who belonged to a cluster, and when: the shards of the repository's header, and every change since. A value. A shard is a member from the moment it joined,
 * inclusive, to the moment it was removed, exclusive. Numbers and names of shards are never used again.
 */
public final class Membership {
    /**
     * A stretch of time in which the members do not change.
     *
     * @param from its first moment; {@link Instant#MIN} for the first
     * @param to the first moment behind it; {@link Instant#MAX} for the last
     * @param shards names of the members, in the order of their numbers
     */
    public record Period(Instant from, Instant to, List<String> shards) {
        public Period {
            shards = List.copyOf(shards);
        }

        /** Whether a moment lies in it. */
        public boolean holds(Instant moment) {
            return !moment.isBefore(from) && moment.isBefore(to);
        }
    }

    /** What a shard is according to all changes, also those that count only later. */
    public enum State {
        JOINING,
        MEMBER,
        REMOVED,
        WITHDRAWN
    }

    private record Of(ShardIdentity shard, State state, Instant joined, Instant left) {}

    private final ClusterIdentity cluster;
    private final List<MembershipChange> changes;
    private final Map<String, Of> shards;
    private final List<Period> periods;

    private Membership(
            ClusterIdentity cluster, List<MembershipChange> changes, Map<String, Of> shards, List<Period> periods) {
        this.cluster = cluster;
        this.changes = changes;
        this.shards = shards;
        this.periods = periods;
    }

    /** The membership of a cluster that never changed. */
    static Membership of(ClusterIdentity cluster) {
        Map<String, Of> shards = new LinkedHashMap<>();
        cluster.shards()
                .forEach(shard -> shards.put(shard.name(), new Of(shard, State.MEMBER, Instant.MIN, Instant.MAX)));
        return new Membership(
                cluster,
                List.of(),
                shards,
                List.of(new Period(Instant.MIN, Instant.MAX, List.copyOf(shards.keySet()))));
    }

    /**
     * The membership after one more change.
     *
     * @throws IllegalArgumentException if the change cannot follow
     */
    Membership then(MembershipChange change) {
        if (change.version() != version() + 1) {
            throw new IllegalArgumentException(
                    "membership version " + change.version() + " cannot follow version " + version());
        }
        String name = change.shard().name();
        @Nullable Of known = shards.get(name);
        Map<String, Of> next = new LinkedHashMap<>(shards);
        ClusterIdentity all = cluster;
        if (change.kind() == Kind.ANNOUNCED) {
            requireNew(change.shard(), known);
            List<ShardIdentity> more = new ArrayList<>(cluster.shards());
            more.add(change.shard());
            all = new ClusterIdentity(cluster.id(), cluster.name(), more);
            next.put(name, new Of(change.shard(), State.JOINING, Instant.MAX, Instant.MAX));
        } else {
            State needed = change.kind() == Kind.REMOVED ? State.MEMBER : State.JOINING;
            if (known == null || known.state != needed || !known.shard.equals(change.shard())) {
                throw new IllegalArgumentException("shard " + name + " of cluster " + cluster.name() + " is "
                        + (known == null ? "unknown" : word(known.state)) + ", not " + word(needed)
                        + "\nhint: `isochron shard list` shows all shards");
            }
            next.put(name, changed(known, change));
        }
        List<MembershipChange> made = new ArrayList<>(changes);
        made.add(change);
        return new Membership(all, List.copyOf(made), next, periods(next));
    }

    private void requireNew(ShardIdentity shard, @Nullable Of known) {
        if (known != null) {
            throw new IllegalArgumentException("shard " + shard.name() + " of cluster " + cluster.name() + " is "
                    + word(known.state) + " already\nhint: a name stands for one shard for ever; choose another one");
        }
        for (Of other : shards.values()) {
            boolean present = other.state == State.MEMBER || other.state == State.JOINING;
            if (present && other.shard.systemIdentifier().equals(shard.systemIdentifier())) {
                throw new IllegalArgumentException("shards " + other.shard.name() + " and " + shard.name()
                        + " are the same database (system identifier " + shard.systemIdentifier()
                        + ")\nhint: correct the connection of one of them");
            }
        }
    }

    private Of changed(Of known, MembershipChange change) {
        Instant effective = change.effective();
        if (effective == null) {
            return new Of(known.shard, State.WITHDRAWN, Instant.MAX, Instant.MAX);
        }
        if (effective.isBefore(lastChange())) {
            throw new IllegalArgumentException("the membership of cluster " + cluster.name() + " was changed for "
                    + lastChange() + ", it cannot be changed for " + effective
                    + "\nhint: a change counts after the one before it");
        }
        if (change.kind() == Kind.JOINED) {
            return new Of(known.shard, State.MEMBER, effective, Instant.MAX);
        }
        if (effective.isBefore(known.joined)) {
            throw new IllegalArgumentException("shard " + known.shard.name() + " joined at " + known.joined
                    + ", it cannot be removed at " + effective);
        }
        if (present().shards().size() == 1) {
            throw new IllegalArgumentException("shard " + known.shard.name() + " is the only member of cluster "
                    + cluster.name() + "\nhint: a cluster has at least one shard");
        }
        return new Of(known.shard, State.REMOVED, known.joined, effective);
    }

    private static List<Period> periods(Map<String, Of> shards) {
        List<Instant> bounds = shards.values().stream()
                .flatMap(of -> Stream.of(of.joined, of.left))
                .filter(at -> !at.equals(Instant.MIN) && !at.equals(Instant.MAX))
                .distinct()
                .sorted()
                .toList();
        List<Period> periods = new ArrayList<>();
        Instant from = Instant.MIN;
        for (int i = 0; i <= bounds.size(); i++) {
            Instant begin = from;
            Instant to = i < bounds.size() ? bounds.get(i) : Instant.MAX;
            periods.add(new Period(
                    begin,
                    to,
                    shards.values().stream()
                            .filter(of -> !begin.isBefore(of.joined) && begin.isBefore(of.left))
                            .map(of -> of.shard.name())
                            .toList()));
            from = to;
        }
        return List.copyOf(periods);
    }

    /** The number of the last change; 0 if there was none. */
    public long version() {
        return changes.size();
    }

    /** All changes, oldest first. */
    public List<MembershipChange> changes() {
        return changes;
    }

    /** The cluster with all shards that ever were announced; a shard's place in the list is its number. */
    public ClusterIdentity cluster() {
        return cluster;
    }

    /** When who was a member: stretches that follow each other, oldest first. */
    public List<Period> periods() {
        return periods;
    }

    /** The period that a moment lies in. */
    public Period at(Instant moment) {
        return periods.stream()
                .filter(period -> period.holds(moment))
                .findFirst()
                .orElse(periods.getLast());
    }

    /** The period that goes on; it may begin a moment from now. */
    public Period present() {
        return periods.getLast();
    }

    /** What a shard is; empty if it never was announced. */
    public Optional<State> state(String shard) {
        return Optional.ofNullable(shards.get(shard)).map(Of::state);
    }

    /** The first moment of a shard as a member; {@link Instant#MIN} for those of the header, {@link Instant#MAX} for one that is none. */
    public Instant joined(String shard) {
        return known(shard).joined;
    }

    /** The first moment of a shard as a member no longer; {@link Instant#MAX} if there is none. */
    public Instant left(String shard) {
        return known(shard).left;
    }

    private Of known(String shard) {
        Of of = shards.get(shard);
        if (of == null) {
            throw new IllegalArgumentException("cluster " + cluster.name() + " has no shard " + shard
                    + "\nhint: its shards are " + String.join(", ", shards.keySet()));
        }
        return of;
    }

    /** From when on the last change that counts did; {@link Instant#MIN} if there was none. */
    public Instant lastChange() {
        return periods.getLast().from();
    }

    private static String word(State state) {
        return state == State.MEMBER ? "a member" : state.name().toLowerCase(Locale.ROOT);
    }
}
