package io.isochron.objects;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Named places in code that must survive the end of its process there. A test starts a program with {@code -Disochron.crash=NAME} or {@code NAME#3}, and it ends at the first, or third, time that
 * it comes by, as {@code kill -9} would end it: nothing is closed, no hook runs. Names begin with what is being done, such as {@code backup.} or {@code expire.}.
 */
public final class CrashPoint {
    /** What a shell reports of a process that was killed by signal 9. */
    public static final int STATUS = 137;

    private static final String PROPERTY = "isochron.crash";
    private static final @Nullable String WANTED = name(System.getProperty(PROPERTY));
    private static final AtomicInteger LEFT = new AtomicInteger(times(System.getProperty(PROPERTY)));

    private CrashPoint() {}

    /** The program comes by a named place. */
    public static void reached(String name) {
        if (name.equals(WANTED) && LEFT.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(STATUS);
        }
    }

    private static @Nullable String name(@Nullable String wanted) {
        return wanted == null ? null : wanted.split("#", 2)[0];
    }

    private static int times(@Nullable String wanted) {
        return wanted == null || !wanted.contains("#") ? 1 : Integer.parseInt(wanted.split("#", 2)[1]);
    }
}
