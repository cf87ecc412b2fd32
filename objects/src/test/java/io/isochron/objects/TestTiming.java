package io.isochron.objects;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Time that passes only by sleeping. */
public final class TestTiming implements Timing {
    final List<Duration> slept = new ArrayList<>();
    private long now;

    @Override
    public synchronized long nanos() {
        return now;
    }

    @Override
    public synchronized void sleep(Duration time) {
        slept.add(time);
        now += time.toNanos();
    }
}
