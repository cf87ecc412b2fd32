package io.isochron.instance;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What must not outlive this process: everything protected here is closed when the JVM ends, also by Ctrl-C, the newest first.
 * A {@code kill -9} of the JVM is beyond it.
 */
public final class ExitGuard {
    private static final Logger LOG = LoggerFactory.getLogger(ExitGuard.class);
    private static final Set<AutoCloseable> OPEN = new LinkedHashSet<>();
    private static boolean hooked;

    private ExitGuard() {}

    /** Closes the resource at the JVM's end unless it was {@linkplain #release released} before. */
    public static void protect(AutoCloseable resource) {
        synchronized (OPEN) {
            if (!hooked) {
                Runtime.getRuntime().addShutdownHook(new Thread(ExitGuard::closeAll, "exit-guard"));
                hooked = true;
            }
            OPEN.add(resource);
        }
    }

    /** Forgets the resource: it was closed, or may outlive this process. */
    public static void release(AutoCloseable resource) {
        synchronized (OPEN) {
            OPEN.remove(resource);
        }
    }

    /** What is protected now, the oldest first. */
    public static List<AutoCloseable> open() {
        synchronized (OPEN) {
            return new ArrayList<>(OPEN);
        }
    }

    /** Closes all that is protected, as the end of the JVM would; what is closed twice does not mind. */
    public static void closeAll() {
        for (AutoCloseable each : open().reversed()) {
            try {
                each.close();
            } catch (Exception e) {
                LOG.warn("not closed at exit: {}", each, e);
            }
        }
    }
}
