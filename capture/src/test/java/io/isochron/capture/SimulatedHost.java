package io.isochron.capture;

/** This host's clocks, turned by a test. */
final class SimulatedHost implements HostClock {
    private final long beganMicros;
    private long micros;

    SimulatedHost(long micros) {
        this.beganMicros = micros;
        this.micros = micros;
    }

    void at(long now) {
        micros = Math.max(micros, now);
    }

    long sinceBeginMicros() {
        return micros - beganMicros;
    }

    @Override
    public long nanos() {
        return (micros - beganMicros) * 1000;
    }

    @Override
    public long micros() {
        return micros;
    }
}
