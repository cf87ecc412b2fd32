package io.isochron.bench;

import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;

/**
 * One client of a Citus node, and the session that serves it there: the node is the origin of its transactions. When the session is lost the
 * client gets another, with another process id.
 */
final class CitusClient implements Runnable {
    private static final double SHARED_CONNECTION_SHARE = 0.5;
    private static final double SLOW_PREPARE_SHARE = 0.02;
    private static final double HELD_SHARE = 0.08;
    private static final int HELD_MILLIS_MAX = 400;
    private static final double LOST_COMMIT_SHARE = 0.03;
    private static final double GONE_SHARE = 0.003;

    private static final String DUPLICATE_OBJECT = "42710";
    private static final String UNIQUE_VIOLATION = "23505";
    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final String DEADLOCK_DETECTED = "40P01";
    private static final Set<String> NAME_IN_USE = Set.of(DUPLICATE_OBJECT, UNIQUE_VIOLATION);

    /** What the clients of a load have in common. */
    record Common(
            Bank bank,
            List<XADataSource> shards,
            LongSupplier ids,
            Queue<Acknowledged> acknowledged,
            Queue<Exception> failures,
            CitusCounts counts) {}

    /** The backend of the session ends where it is: its node went down, or somebody terminated it. */
    private static final class BackendGone extends Exception {
        private static final long serialVersionUID = 1;
    }

    private final Common common;
    private final CitusLife life;
    private final Random random;
    private final List<CitusBranch> connections = new ArrayList<>();
    private @Nullable CitusBranch own;
    private int pid;
    /** Counts over the whole session (Citus: remote_transaction.c, {@code Assign2PCIdentifier}). */
    private int connectionNumber;

    CitusClient(Common common, CitusLife life, long seed) {
        this.common = common;
        this.life = life;
        this.random = new Random(seed);
    }

    @Override
    public void run() {
        try {
            while (!life.over()) {
                long number = life.begin();
                try {
                    transfer(number, CitusTransfer.draw(common.bank, random, common.ids));
                } catch (BackendGone e) {
                    disconnect();
                } finally {
                    life.end(number);
                }
            }
        } catch (SQLException e) {
            common.failures.add(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            try {
                disconnect();
            } catch (SQLException e) {
                common.failures.add(e);
            }
        }
    }

    private void transfer(long number, CitusTransfer transfer) throws SQLException, InterruptedException, BackendGone {
        long begun = nowMicros();
        CitusBranch origin = origin();
        List<CitusBranch> branches = new ArrayList<>();
        try {
            boolean here = write(transfer, origin, branches);
            long decided;
            if (branches.size() == 1 && !here) {
                decided = nowMicros();
                branches.getFirst().commit();
            } else {
                if (!branches.isEmpty()) {
                    prepare(number, origin, branches);
                }
                decided = nowMicros();
                origin.commit();
                commitPrepared(branches);
            }
            common.acknowledged.addAll(transfer.acknowledged(begun, decided, nowMicros()));
        } catch (SQLException e) {
            boolean used = NAME_IN_USE.contains(String.valueOf(e.getSQLState()));
            if (!used && !Set.of(LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED).contains(String.valueOf(e.getSQLState()))) {
                throw e;
            }
            common.counts.aborted.increment();
            if (used) {
                common.counts.namesInUse.increment();
            }
            abort(origin, branches);
        }
    }

    private void abort(CitusBranch origin, List<CitusBranch> branches) throws SQLException {
        origin.abort();
        for (CitusBranch branch : branches) {
            branch.abort();
        }
    }

    /** Writes every part and opens the branches that are needed. Returns whether a part was written on the origin. */
    private boolean write(CitusTransfer transfer, CitusBranch origin, List<CitusBranch> branches)
            throws SQLException, BackendGone {
        boolean here = false;
        origin.begin();
        for (CitusTransfer.Part part : transfer.parts()) {
            if (part.shard() == life.group()) {
                origin.write(part);
                here = true;
            } else {
                CitusBranch branch = branch(part.shard(), branches);
                if (branch.idle()) {
                    branches.add(branch);
                    branch.begin();
                }
                branch.write(part);
            }
            mayBeGone();
        }
        if (branches.size() == 1 && !here) {
            origin.abort();
        }
        return here;
    }

    private CitusBranch branch(int node, List<CitusBranch> open) throws SQLException {
        for (CitusBranch branch : open) {
            if (branch.node() == node && random.nextDouble() < SHARED_CONNECTION_SHARE) {
                return branch;
            }
        }
        for (CitusBranch connection : connections) {
            if (connection.node() == node && connection.idle()) {
                return connection;
            }
        }
        CitusBranch fresh = new CitusBranch(common.shards.get(node), node);
        connections.add(fresh);
        return fresh;
    }

    private void prepare(long number, CitusBranch origin, List<CitusBranch> branches)
            throws SQLException, InterruptedException, BackendGone {
        common.counts.twoPhase.increment();
        if (branches.stream().map(CitusBranch::node).distinct().count() < branches.size()) {
            common.counts.severalOnOneNode.increment();
        }
        try {
            for (CitusBranch branch : branches) {
                String gid = "citus_%d_%d_%d_%d".formatted(life.group(), pid, number, connectionNumber++);
                origin.record(branch, gid);
                mayBeGone();
                mayTakeLong(SLOW_PREPARE_SHARE);
                branch.prepare(gid);
                common.counts.prepared(gid);
                mayBeGone();
            }
        } catch (BackendGone e) {
            common.counts.goneBeforeCommit.increment();
            throw e;
        }
    }

    /** The decision is made: what does not reach a branch now is left to the recovery, and the client is told of success. */
    private void commitPrepared(List<CitusBranch> branches) throws SQLException, InterruptedException, BackendGone {
        try {
            for (CitusBranch branch : branches) {
                mayTakeLong(HELD_SHARE);
                mayBeGone();
                if (random.nextDouble() < LOST_COMMIT_SHARE) {
                    common.counts.lostCommits.increment();
                    branch.forget();
                } else {
                    branch.commitPrepared();
                }
            }
        } catch (BackendGone e) {
            common.counts.goneAfterCommit.increment();
            throw e;
        }
    }

    private void mayTakeLong(double share) throws InterruptedException, BackendGone {
        if (random.nextDouble() < share && life.crashesWithin(random.nextInt(HELD_MILLIS_MAX))) {
            throw new BackendGone();
        }
    }

    private void mayBeGone() throws BackendGone {
        if (life.crashed() || random.nextDouble() < GONE_SHARE) {
            throw new BackendGone();
        }
    }

    private CitusBranch origin() throws SQLException {
        CitusBranch session = own;
        if (session == null) {
            session = new CitusBranch(common.shards.get(life.group()), life.group());
            own = session;
            pid = life.newPid();
            connectionNumber = 0;
        }
        return session;
    }

    private void disconnect() throws SQLException {
        CitusBranch session = own;
        own = null;
        List<CitusBranch> all = new ArrayList<>(connections);
        connections.clear();
        if (session != null) {
            all.addFirst(session);
        }
        for (CitusBranch connection : all) {
            connection.close();
        }
    }

    private static long nowMicros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }
}
