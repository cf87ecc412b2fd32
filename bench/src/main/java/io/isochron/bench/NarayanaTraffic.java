package io.isochron.bench;

import com.arjuna.ats.arjuna.common.CoreEnvironmentBeanException;
import com.arjuna.ats.arjuna.common.ObjectStoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.arjPropertyManager;
import com.arjuna.ats.internal.arjuna.utils.UuidProcessId;
import com.arjuna.common.internal.util.propertyservice.BeanPopulator;
import io.isochron.instance.TempDirs;
import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import jakarta.transaction.TransactionManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;

/**
 * The bank's transfers with Narayana as transaction manager, which keeps its decisions in files of its own. Narayana is configured once
 * for each JVM, so its files live until the JVM ends.
 */
final class NarayanaTraffic implements Traffic {
    private static final int CLIENTS = 8;
    private static @Nullable Path log;

    private final AtomicBoolean stop = new AtomicBoolean();
    private final Queue<Acknowledged> acknowledged = new ConcurrentLinkedQueue<>();
    private final Queue<Exception> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();

    private NarayanaTraffic() {}

    static NarayanaTraffic start(List<XADataSource> shards, Bank bank, long seed) throws SQLException {
        configure();
        TransactionManager manager = com.arjuna.ats.jta.TransactionManager.transactionManager();
        NarayanaTraffic traffic = new NarayanaTraffic();
        for (int client = 0; client < CLIENTS; client++) {
            NarayanaClient each = new NarayanaClient(
                    bank, shards, manager, seed, client, traffic.stop::get, traffic.acknowledged, traffic.failures);
            traffic.threads.add(Thread.ofPlatform()
                    .name("narayana-client-" + client)
                    .daemon()
                    .start(each));
        }
        return traffic;
    }

    private static synchronized void configure() {
        if (log != null) {
            return;
        }
        try {
            Path directory = Files.createTempDirectory("isochron-narayana-");
            log = directory;
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(directory), "narayana-log"));
            arjPropertyManager.getCoreEnvironmentBean().setNodeIdentifier("bench");
            // the default identifies the process by a port that it listens on
            arjPropertyManager
                    .getCoreEnvironmentBean()
                    .setProcessImplementationClassName(UuidProcessId.class.getName());
            arjPropertyManager.getCoordinatorEnvironmentBean().setTransactionStatusManagerEnable(false);
            for (String store : new String[] {null, "communicationStore", "stateStore"}) {
                BeanPopulator.getNamedInstance(ObjectStoreEnvironmentBean.class, store)
                        .setObjectStoreDir(directory.toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (CoreEnvironmentBeanException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void remove(Path directory) {
        try {
            TempDirs.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void stop() throws SQLException, InterruptedException {
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        Exception failure = failures.poll();
        if (failure != null) {
            throw new SQLException("a client of the transaction manager failed: " + failure, failure);
        }
    }

    @Override
    public List<Acknowledged> acknowledged() {
        return List.copyOf(acknowledged);
    }

    @Override
    public void close() {
        stop.set(true);
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
