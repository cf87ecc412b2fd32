package io.isochron.capture;

/** This host's clocks, as capture's threads read them; tests let hours go by in seconds. */
interface HostClock {
    /** The operating system's. */
    HostClock SYSTEM = new HostClock() {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public long micros() {
            return Micros.now();
        }
    };

    /** Nanoseconds since any moment; never goes back. */
    long nanos();

    /** Microseconds since the Unix epoch; may be set. */
    long micros();
}
