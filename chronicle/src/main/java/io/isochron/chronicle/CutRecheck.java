package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Computes a certificate's cut again, from other segments than those it names, and says what differs. */
public final class CutRecheck {
    private final Cut said;
    private final List<String> differences = new ArrayList<>();

    private CutRecheck(Cut said) {
        this.said = said;
    }

    /**
     * What differs between a cut and the one that the segments give for the same moment, given positions and grade; empty if they agree. Compared are grade, uncertainty, each shard's boundary with
     * everything that belongs to it, decisions with their reasons, late commits and unknown gids; not the notes, which may speak of what lies further away.
     *
     * @param segments of all shards, around the moment
     */
    public static List<String> differences(Cut said, Dialect dialect, List<Segment> segments) {
        CutRecheck check = new CutRecheck(said);
        check.compare(dialect, segments);
        return List.copyOf(check.differences);
    }

    private void compare(Dialect dialect, List<Segment> segments) {
        Map<String, Lsn> exact = new HashMap<>();
        for (ShardBoundary boundary : said.boundaries()) {
            if (boundary.given()) {
                exact.put(boundary.shard(), boundary.initial());
            }
        }
        boolean fence = said.target() instanceof Target.AtFence || said.target() instanceof Target.FenceBefore;
        Grade aimed = said.grade() == Grade.SHARD ? Grade.SHARD : fence ? Grade.EXTERNAL : Grade.ATOMIC;
        if (said.target() instanceof Target.Time time && ClusterHistory.micros(time.moment()) != said.momentMicros()) {
            differences.add("moment: certificate " + said.moment() + ", its target " + time.moment());
        }
        ClusterHistory history = ClusterHistory.of(
                said.boundaries().stream().map(ShardBoundary::shard).toList(), segments);
        Solution solution = new CutComputation(
                        history,
                        dialect,
                        new CutRules(),
                        new CutRequest(said.target(), said.momentMicros(), exact, aimed))
                .solve();
        switch (solution) {
            case Unreachable unreachable ->
                differences.add("from the WAL, the moment cannot be reached: " + unreachable.reason());
            case Cut found -> compare(found);
        }
    }

    private void compare(Cut found) {
        differ("grade", said.grade(), found.grade());
        differ("uncertainty in microseconds", said.epsilonMicros(), found.epsilonMicros());
        differ("dialect", said.dialect(), found.dialect());
        for (ShardBoundary boundary : said.boundaries()) {
            ShardBoundary other = found.boundary(boundary.shard()).orElseThrow();
            String shard = "shard " + boundary.shard() + ", ";
            differ(shard + "boundary", boundary.lsn(), other.lsn());
            differ(shard + "boundary before it was moved back", boundary.initial(), other.initial());
            differ(shard + "timeline", boundary.timeline(), other.timeline());
            differ(shard + "last commit inside", text(boundary.lastInside()), text(other.lastInside()));
            differ(shard + "first commit outside", text(boundary.firstOutside()), text(other.firstOutside()));
            differ(shard + "clock", boundary.clock(), other.clock());
            differ(shard + "moved back", boundary.lowerings(), other.lowerings());
        }
        differ("decision", said.decisions(), found.decisions(), CutRecheck::text);
        differ("late commit", said.lateCommits(), found.lateCommits(), LateCommit::toString);
        differ("unknown gid", said.unknownGids(), found.unknownGids(), gid -> "'" + gid + "'");
    }

    private void differ(String what, Object certificate, Object wal) {
        if (!Objects.equals(certificate, wal)) {
            differences.add(what + ": certificate " + certificate + ", WAL " + wal);
        }
    }

    private <T> void differ(String what, List<T> certificate, List<T> wal, Function<T, String> text) {
        Set<T> said = new LinkedHashSet<>(certificate);
        Set<T> found = new LinkedHashSet<>(wal);
        said.stream()
                .filter(one -> !found.contains(one))
                .forEach(one -> differences.add(what + " only in the certificate: " + text.apply(one)));
        found.stream()
                .filter(one -> !said.contains(one))
                .forEach(one -> differences.add(what + " only by the WAL: " + text.apply(one)));
    }

    private static String text(@Nullable Event event) {
        return event == null
                ? "none"
                : event.kind() + " of transaction " + Integer.toUnsignedString(event.xid()) + " at " + event.start()
                        + " to " + event.end() + ", shard's clock " + event.timeMicros() + ", gid " + event.gid();
    }

    private static String text(Decision decision) {
        return "shard " + decision.shard() + ", " + decision.action() + " '" + decision.gid() + "' (transaction "
                + Integer.toUnsignedString(decision.xid()) + ", prepared up to " + decision.prepareEnd() + "): "
                + decision.reason();
    }
}
