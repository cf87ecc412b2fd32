package io.isochron.capture;

import io.isochron.store.Repository;
import io.isochron.wire.ConnectionSettings;
import io.isochron.wire.PostgresException;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Finds the server to capture a shard from among all its addresses. Every address is asked, not the first one that answers: after a failover the old primary may go on for a while, or for ever, and
 * then two servers accept writes. The one on the latest PostgreSQL timeline is the shard.
 */
final class PrimaryFinder {
    private static final int CONNECT_SECONDS = 5;

    /**
     * A server that may be captured, with an open connection to it.
     *
     * @param source the shard, reached at this one place only
     * @param standbys the places of standbys on its PostgreSQL timeline
     */
    record Primary(
            ShardSource source, ServerIdentity server, ReplicationConnection control, List<ShardSource> standbys) {}

    private record Answer(
            ShardSource source,
            @Nullable ServerIdentity server,
            @Nullable ReplicationConnection control,
            @Nullable IOException failure) {}

    private final ShardSource source;
    private final Repository repository;
    private final ShardMonitor monitor;
    private final boolean first;

    /** @param first whether this process has not streamed this shard yet: then what looks like a wrong configuration is an error, later it may pass */
    PrimaryFinder(ShardSource source, Repository repository, ShardMonitor monitor, boolean first) {
        this.source = source;
        this.repository = repository;
        this.monitor = monitor;
        this.first = first;
    }

    /**
     * Asks all addresses.
     *
     * @return the primary; its connection is the caller's
     * @throws CaptureException if what answers can never be captured as this shard
     * @throws IOException if no address has a primary now
     */
    Primary find() throws IOException, InterruptedException {
        List<Answer> answers = ask();
        Answer best = null;
        for (Answer answer : answers) {
            ServerIdentity server = answer.server();
            if (server != null && !server.standby() && (best == null || newer(server, best))) {
                best = answer;
            }
        }
        for (Answer answer : answers) {
            if (!answer.equals(best) && answer.control() != null) {
                answer.control().close();
            }
        }
        if (best == null || best.server() == null || best.control() == null) {
            throw none(answers);
        }
        for (Answer answer : answers) {
            ServerIdentity server = answer.server();
            if (!answer.equals(best) && server != null && !server.standby()) {
                monitor.notice("two servers of shard " + source.name() + " accept writes: "
                        + answer.source().settings().where() + " on PostgreSQL timeline " + server.timeline()
                        + " is left alone, "
                        + best.source().settings().where() + " on timeline "
                        + best.server().timeline() + " is captured");
            }
        }
        int timeline = best.server().timeline();
        List<ShardSource> standbys = answers.stream()
                .filter(answer -> answer.server() != null
                        && answer.server().standby()
                        && answer.server().timeline() == timeline)
                .map(Answer::source)
                .toList();
        return new Primary(best.source(), best.server(), best.control(), standbys);
    }

    private static boolean newer(ServerIdentity server, Answer best) {
        ServerIdentity other = best.server();
        return other == null || Integer.compareUnsigned(server.timeline(), other.timeline()) > 0;
    }

    private List<Answer> ask() throws InterruptedException {
        List<ConnectionSettings> places = source.settings().places();
        List<Callable<Answer>> questions = new ArrayList<>();
        for (ConnectionSettings place : places) {
            ConnectionSettings settings = places.size() == 1 ? place : place.withConnectTimeoutIfUnset(CONNECT_SECONDS);
            questions.add(() -> ask(new ShardSource(source.name(), settings, source.slot())));
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Answer> answers = new ArrayList<>();
            for (Future<Answer> future : threads.invokeAll(questions)) {
                answers.add(future.get());
            }
            return answers;
        } catch (ExecutionException e) {
            throw new IllegalStateException("an address could not be asked: " + e.getCause(), e);
        }
    }

    private Answer ask(ShardSource place) {
        ReplicationConnection control = null;
        try {
            control = ReplicationConnection.open(place.settings().withApplicationName("isochron_control"));
            ServerIdentity server = ServerIdentity.of(control);
            server.requireSame(place.name(), repository);
            return new Answer(place, server, control, null);
        } catch (IOException e) {
            if (control != null) {
                control.close();
            }
            return new Answer(place, null, null, e);
        }
    }

    /** Why there is no primary: a server that can never be right ends capture only if it is alone. */
    private IOException none(List<Answer> answers) {
        IOException failure = answers.getFirst().failure();
        if (answers.size() == 1 && failure != null) {
            return failure;
        }
        boolean onlyStandbys = answers.stream().allMatch(answer -> answer.server() != null);
        if (onlyStandbys) {
            String problem = answers.size() == 1
                    ? "behind the address of shard " + source.name()
                            + " is a standby; its clock and its wal say nothing about what its primary has committed"
                    : "behind the " + answers.size() + " addresses of shard " + source.name()
                            + " are only standbys; their clocks and their wal say nothing about what a primary has committed";
            String hint = "give the addresses of all servers of the shard, the primary's among them";
            // during a failover this is what is to be seen for a while
            return first ? new CaptureException(problem, hint) : new IOException(problem + "\nhint: " + hint);
        }
        StringBuilder each = new StringBuilder("no address of shard " + source.name() + " has a primary");
        IOException last = null;
        for (Answer answer : answers) {
            IOException why = answer.failure();
            each.append("; ").append(answer.source().settings().where()).append(": ");
            if (why == null) {
                each.append("a standby");
            } else {
                each.append(String.valueOf(why.getMessage()).lines().findFirst().orElse("no answer"));
                last = why;
            }
        }
        each.append("\nhint: is a failover under way? Capture tries again until one of them is a primary");
        if (answers.stream().allMatch(answer -> answer.failure() instanceof CaptureException)) {
            return new CaptureException(
                    each.toString().lines().findFirst().orElse(""),
                    "the addresses lead to other servers than the repository knows",
                    last);
        }
        return last instanceof PostgresException && first && answers.stream().allMatch(a -> a.failure() != null)
                ? last
                : new IOException(each.toString(), last);
    }
}
