package io.isochron.testkit;

import io.isochron.instance.ExitGuard;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class if it, or one that ran beside it, leaves a server, a cluster or a child process behind, after ending it. Classes run several at a time, so the check is made whenever none is running any more; after the last one always.
 * JUnit finds it by itself in every module that has testkit on its test classpath.
 */
public final class LeftoverCheck implements BeforeAllCallback, AfterAllCallback {
    private static final Object LOCK = new Object();
    private static final List<String> SUSPECTS = new ArrayList<>();
    private static int running;

    @Override
    public void beforeAll(ExtensionContext context) {
        MemoryDirectories.use();
        if (isInner(context)) {
            return;
        }
        synchronized (LOCK) {
            running++;
            SUSPECTS.add(context.getRequiredTestClass().getName());
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        if (isInner(context)) {
            return;
        }
        synchronized (LOCK) {
            running--;
            if (running > 0) {
                return;
            }
            List<String> suspects = List.copyOf(SUSPECTS);
            SUSPECTS.clear();
            List<String> leftovers = close();
            if (!leftovers.isEmpty()) {
                throw new AssertionError(
                        "left behind by " + String.join(" or ", suspects) + ": " + String.join(", ", leftovers));
            }
        }
    }

    private static boolean isInner(ExtensionContext context) {
        Class<?> test = context.getRequiredTestClass();
        return test.isMemberClass() && !Modifier.isStatic(test.getModifiers());
    }

    /** Closes what is left, and ends servers that nobody registered; says what it was. */
    static List<String> close() throws Exception {
        List<String> leftovers = new ArrayList<>();
        for (AutoCloseable each : ExitGuard.open().reversed()) {
            leftovers.add(each.toString());
            each.close();
            ExitGuard.release(each);
        }
        for (ProcessHandle child : ProcessHandle.current().children().toList()) {
            if (child.isAlive() && child.info().command().orElse("").endsWith("/postgres")) {
                leftovers.add("PostgreSQL, process " + child.pid());
                child.destroyForcibly();
            }
        }
        return leftovers;
    }
}
