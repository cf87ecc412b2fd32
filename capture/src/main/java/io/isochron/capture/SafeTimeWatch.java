package io.isochron.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Says which shard makes the cluster's safe time stand still, and when it moves again. A shard's safe time moves every {@link CaptureOptions#idleInterval} on an
 * idle shard, too; one that is twice as old stands still: the server does not answer, its connection is gone, or what it writes is not archived. For one thread.
 */
public final class SafeTimeWatch {
    private final long patienceMicros;
    private final Set<String> still = new TreeSet<>();

    /** @param options as the capture that is watched has them */
    public SafeTimeWatch(CaptureOptions options) {
        this.patienceMicros = 2 * options.idleInterval().toNanos() / 1_000;
    }

    /** Looks at all shards; answers what has changed since the last look, a sentence each. */
    public List<String> look(List<CaptureStatus> all) {
        List<String> news = new ArrayList<>();
        for (CaptureStatus status : all) {
            boolean stands = status.lagMicros() > patienceMicros;
            if (stands && still.add(status.shard())) {
                news.add("ALARM: the safe time stands still because of shard " + status.shard() + ", "
                        + String.format(Locale.ROOT, "for %.1f s: ", status.lagMicros() / 1e6) + reason(status));
            } else if (!stands && status.lagMicros() >= 0 && still.remove(status.shard())) {
                news.add("the safe time of shard " + status.shard() + " moves again");
            }
        }
        return news;
    }

    /** The shards that make it stand still as of the last look, sorted. */
    public Set<String> standingStill() {
        return Set.copyOf(still);
    }

    private static String reason(CaptureStatus status) {
        String error = status.lastError();
        if (status.state() != CaptureState.STREAMING) {
            return "capture of it is " + status.state().name().toLowerCase(Locale.ROOT)
                    + (error == null ? "" : ", " + error.lines().findFirst().orElse(""));
        }
        return status.lagBytes() > 0
                ? status.lagBytes() + " bytes that it is known to have are not archived yet"
                : "its server does not answer";
    }
}
