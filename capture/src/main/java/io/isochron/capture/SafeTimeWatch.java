package io.isochron.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Says which shard holds the cluster's safe time back, and when it no longer does. A shard's safe time moves every {@link CaptureOptions#idleInterval} on an
 * idle shard, too; one that is twice as old is late: the server does not answer, its connection is gone, or what it writes is not archived yet. For one thread.
 */
public final class SafeTimeWatch {
    private final long patienceMicros;
    private final Set<String> late = new TreeSet<>();

    /** @param options as the capture that is watched has them */
    public SafeTimeWatch(CaptureOptions options) {
        this.patienceMicros = 2 * options.idleInterval().toNanos() / 1_000;
    }

    /** Looks at all shards; answers what has changed since the last look, a sentence each. */
    public List<String> look(List<CaptureStatus> all) {
        List<String> news = new ArrayList<>();
        for (CaptureStatus status : all) {
            boolean old = status.lagMicros() > patienceMicros;
            if (old && late.add(status.shard())) {
                news.add("ALARM: the safe time of shard " + status.shard()
                        + String.format(Locale.ROOT, " is %.1f s old: ", status.lagMicros() / 1e6) + reason(status));
            } else if (!old && status.lagMicros() >= 0 && late.remove(status.shard())) {
                news.add("the safe time of shard " + status.shard() + " is recent again");
            }
        }
        return news;
    }

    /** The shards that hold it back as of the last look. */
    public Set<String> late() {
        return Set.copyOf(late);
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
