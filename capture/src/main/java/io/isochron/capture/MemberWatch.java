package io.isochron.capture;

import io.isochron.chronicle.SafePoint;
import io.isochron.chronicle.Segment;
import io.isochron.store.Membership;
import io.isochron.store.Membership.State;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps a running capture at what the membership says: begins with shards that are announced, and ends with shards that were removed once their archive reaches beyond that moment. For one thread.
 */
public final class MemberWatch {
    /** How far beyond its last moment as a member a shard is captured: what a cut just before that moment needs to know. */
    static final Duration TAIL = Duration.ofSeconds(5);

    /** Reads the configuration again. */
    @FunctionalInterface
    public interface Sources {
        /** All shards that it names. */
        List<ShardSource> read() throws IOException;
    }

    private final Repository repository;
    private final ClusterCapture capture;
    private final Sources sources;
    private final Set<String> told = new HashSet<>();

    public MemberWatch(Repository repository, ClusterCapture capture, Sources sources) {
        this.repository = repository;
        this.capture = capture;
        this.sources = sources;
    }

    /**
     * Whether a shard is to be captured: members, those that are announced, and those that were removed as long as their archive does not reach beyond that.
     *
     * @throws IOException if the repository cannot be read
     */
    public static boolean wanted(Repository repository, String shard) throws IOException {
        Membership membership = repository.membership();
        State state = membership.state(shard).orElse(State.WITHDRAWN);
        if (state != State.REMOVED) {
            return state != State.WITHDRAWN;
        }
        Optional<Segment> newest = new ArchivePosition(repository, shard).look();
        SafePoint safe = newest.map(Segment::safePoint).orElse(null);
        return safe == null
                || safe.referenceMicros() < micros(membership.left(shard).plus(TAIL));
    }

    /** Whether a shard's safe time counts for the cluster's now. */
    public boolean counts(String shard) {
        return repository.membership().at(Instant.now()).shards().contains(shard);
    }

    /** Looks at the membership and changes what is captured; answers what is new, a sentence each. */
    public List<String> look() {
        List<String> news = new ArrayList<>();
        Membership membership;
        try {
            membership = repository.reloadMembership();
        } catch (IOException e) {
            tell(news, "the membership cannot be read: " + firstLine(e));
            return news;
        }
        List<CaptureStatus> running = capture.status();
        for (ShardIdentity shard : membership.cluster().shards()) {
            Optional<CaptureStatus> status = running.stream()
                    .filter(one -> one.shard().equals(shard.name()))
                    .findFirst();
            State state = membership.state(shard.name()).orElseThrow();
            if (status.isEmpty() && (state == State.JOINING || state == State.MEMBER)) {
                begin(shard.name(), state, news);
            } else if (status.isPresent() && over(membership, state, status.get())) {
                capture.retire(shard.name());
                tell(
                        news,
                        "shard " + shard.name()
                                + (state == State.REMOVED
                                        ? " is a member no longer since " + membership.left(shard.name())
                                                + " and archived beyond that"
                                        : " was withdrawn")
                                + ": it is captured no longer; its replication slot keeps wal on its server until it is dropped there");
            }
        }
        return news;
    }

    private static boolean over(Membership membership, State state, CaptureStatus status) {
        if (state == State.WITHDRAWN) {
            return true;
        }
        return state == State.REMOVED
                && status.lagMicros() >= 0
                && micros(Instant.now()) - status.lagMicros()
                        > micros(membership.left(status.shard()).plus(TAIL));
    }

    private void begin(String shard, State state, List<String> news) {
        String what = state == State.JOINING ? "is to become a member" : "is a member";
        try {
            Optional<ShardSource> source = sources.read().stream()
                    .filter(one -> one.name().equals(shard))
                    .findFirst();
            if (source.isEmpty()) {
                tell(
                        news,
                        "ALARM: shard " + shard + " " + what
                                + " and is missing from isochron.yaml: it is not captured");
                return;
            }
            capture.add(source.get());
            tell(news, "shard " + shard + " " + what + ": its capture begins");
        } catch (IOException | IllegalArgumentException e) {
            tell(news, "ALARM: shard " + shard + " " + what + ", and cannot be captured: " + firstLine(e));
        }
    }

    /** Everything once. */
    private void tell(List<String> news, String sentence) {
        if (told.add(sentence)) {
            news.add(sentence);
        }
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }
}
