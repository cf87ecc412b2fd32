package io.isochron.bench;

import io.isochron.chronicle.Event;
import io.isochron.chronicle.FenceMark;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.Target;
import io.isochron.instance.EmbeddedBinaries;
import io.isochron.restore.ChronicleReader;
import io.isochron.restore.ClusterRestore;
import io.isochron.restore.PlanOptions;
import io.isochron.restore.ProgressListener;
import io.isochron.restore.RestoreOptions;
import io.isochron.restore.RestorePlan;
import io.isochron.restore.RestorePlanner;
import io.isochron.restore.RestoredCluster;
import io.isochron.store.Repository;
import io.isochron.testkit.TestCluster;
import io.isochron.testkit.TestShard;
import io.isochron.wal.Lsn;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/** Looks at every fence of the chronicle for a row of the second shard that is inside while its cause on the first shard is not. */
final class FenceCheck {
    private final Repository repository;
    private final TestCluster cluster;
    /** By fence, the positions of both shards. */
    private final NavigableMap<Long, Map<String, Lsn>> fences = new TreeMap<>();

    private final List<String> inversions = new ArrayList<>();

    private FenceCheck(Repository repository, TestCluster cluster) {
        this.repository = repository;
        this.cluster = cluster;
    }

    static FenceCheck of(Repository repository, TestCluster cluster, CausalClients clients) throws Exception {
        clients.pause();
        FenceCheck check = new FenceCheck(repository, cluster);
        check.look();
        return check;
    }

    private void look() throws Exception {
        Map<String, List<Segment>> segments = new ChronicleReader(repository).segments(null, null);
        String first = cluster.shard(0).name();
        String second = cluster.shard(1).name();
        segments.forEach((shard, all) -> {
            for (Segment segment : all) {
                for (FenceMark mark : segment.fences()) {
                    fences.computeIfAbsent(mark.id(), id -> new HashMap<>()).put(shard, mark.at());
                }
            }
        });
        fences.values().removeIf(marks -> marks.size() < 2);
        Map<Long, Lsn> causes = commits(cluster.shard(0), segments.getOrDefault(first, List.of()));
        Map<Long, Lsn> effects = commits(cluster.shard(1), segments.getOrDefault(second, List.of()));
        fences.forEach((id, marks) -> effects.forEach((row, end) -> {
            Lsn cause = causes.get(row);
            if (!end.isAfter(at(marks, second)) && (cause == null || cause.isAfter(at(marks, first)))) {
                inversions.add("fence " + id + " has row " + row + " of " + second + " and not its cause on " + first);
            }
        }));
    }

    private static Lsn at(Map<String, Lsn> marks, String shard) {
        return marks.getOrDefault(shard, Lsn.INVALID);
    }

    /** The end of the commit record of every row. */
    private static Map<Long, Lsn> commits(TestShard shard, List<Segment> segments) throws SQLException {
        Map<Integer, Lsn> byXid = new HashMap<>();
        for (Segment segment : segments) {
            for (Event event : segment.events()) {
                if (event.commits()) {
                    byXid.put(event.xid(), event.end());
                }
            }
        }
        Map<Long, Lsn> commits = new HashMap<>();
        try (Connection connection = shard.superuser("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select id, xid from pairs")) {
            while (rows.next()) {
                // rows of the phases in which the peer received are archived like all others
                Lsn end = byXid.get((int) rows.getLong(2));
                if (end == null) {
                    throw new SQLException("the commit of row " + rows.getLong(1) + " is not in the chronicle");
                }
                commits.put(rows.getLong(1), end);
            }
        }
        return commits;
    }

    int checked() {
        return fences.size();
    }

    List<String> inversions() {
        return List.copyOf(inversions);
    }

    /** Restores some of the newest fences that can be reached really and compares the tables of both shards. */
    int restore(int count, int postgres, List<String> found) throws Exception {
        int done = 0;
        Instant latest = new ChronicleReader(repository).all().latestMoment().orElse(Instant.EPOCH);
        long lastFence = ChronoUnit.MICROS.between(Instant.EPOCH, latest);
        // a fence's number is its time
        for (Map.Entry<Long, Map<String, Lsn>> fence :
                fences.headMap(lastFence, true).descendingMap().entrySet()) {
            if (done == count) {
                break;
            }
            RestoreOptions options = RestoreOptions.defaults()
                    .withPostgresBin(EmbeddedBinaries.installation(postgres).bin());
            RestorePlan plan =
                    new RestorePlanner(repository).plan(new Target.AtFence(fence.getKey()), PlanOptions.defaults());
            Path target = cluster.directory().resolve("restored" + done);
            new ClusterRestore(repository).execute(plan, target, options, ProgressListener.NONE);
            try (RestoredCluster restored = RestoredCluster.open(target, options)) {
                Set<Long> effects = rows(restored, cluster.shard(1).name());
                effects.removeAll(rows(restored, cluster.shard(0).name()));
                effects.forEach(row ->
                        found.add("restored fence " + fence.getKey() + " has row " + row + " and not its cause"));
            }
            done++;
        }
        return done;
    }

    private static Set<Long> rows(RestoredCluster restored, String shard) throws Exception {
        Set<Long> ids = new HashSet<>();
        try (Connection connection = restored.connection(shard, "postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select id from pairs")) {
            while (rows.next()) {
                ids.add(rows.getLong(1));
            }
        }
        return ids;
    }
}
