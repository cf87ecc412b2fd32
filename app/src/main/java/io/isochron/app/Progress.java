package io.isochron.app;

import java.time.Duration;
import java.time.Instant;

/**
 * Shows how far long work is: one line that is written over on a terminal, otherwise a line every few seconds. Safe for
 * several threads.
 */
final class Progress implements AutoCloseable {
    private static final Duration TERMINAL_INTERVAL = Duration.ofMillis(200);
    private static final Duration LOG_INTERVAL = Duration.ofSeconds(5);

    private final Host host;
    private Instant next;
    private int width;

    Progress(Host host) {
        this.host = host;
        this.next = host.clock().instant().plus(host.terminal() ? Duration.ZERO : LOG_INTERVAL);
    }

    /** Shows the state if it is time to. */
    synchronized void show(String line) {
        Instant now = host.clock().instant();
        if (now.isBefore(next)) {
            return;
        }
        next = now.plus(host.terminal() ? TERMINAL_INTERVAL : LOG_INTERVAL);
        if (host.terminal()) {
            host.err().print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
            host.err().flush();
            width = line.length();
        } else {
            host.err().println(line);
        }
    }

    /** Shows a line that stays. */
    synchronized void step(String line) {
        wipe();
        host.err().println(line);
    }

    private void wipe() {
        if (width > 0) {
            host.err().print("\r" + " ".repeat(width) + "\r");
            width = 0;
        }
    }

    @Override
    public synchronized void close() {
        wipe();
        host.err().flush();
    }
}
