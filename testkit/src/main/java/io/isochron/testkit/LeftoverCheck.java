package io.isochron.testkit;

import io.isochron.instance.ExitGuard;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class that leaves a server, a cluster or a child process behind, after ending it. JUnit finds it by itself in every
 * module that has testkit on its test classpath.
 */
public final class LeftoverCheck implements AfterAllCallback {
    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        Class<?> test = context.getRequiredTestClass();
        if (test.isMemberClass() && !java.lang.reflect.Modifier.isStatic(test.getModifiers())) {
            return;
        }
        List<String> leftovers = close();
        if (!leftovers.isEmpty()) {
            throw new AssertionError(test.getName() + " left behind: " + String.join(", ", leftovers));
        }
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
