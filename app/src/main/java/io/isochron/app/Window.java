package io.isochron.app;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that name a stretch of time. */
final class Window {
    @Option(
            names = "--since",
            paramLabel = "MOMENT",
            description = "A moment with zone or offset, or how long ago (15m, 2h, 1d). Default: 1h.")
    String since = "1h";

    @Option(names = "--until", paramLabel = "MOMENT", description = "The same. Default: now.")
    @Nullable
    String until;

    Instant from(Host host) throws AppException {
        return read(since, host);
    }

    /** Null: to the newest that is known. */
    @Nullable
    Instant to(Host host) throws AppException {
        return until == null ? null : read(until, host);
    }

    static Instant read(String text, Host host) throws AppException {
        try {
            Duration ago = Units.duration(text);
            return host.clock().instant().minus(ago);
        } catch (IllegalArgumentException _) {
            return Moments.parse(text, host.zone());
        }
    }
}
