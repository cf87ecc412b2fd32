package io.isochron.wire;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A connection that carries bytes both ways. One thread may read while others write. {@link #close} from any thread, or an
 * interrupt of the waiting thread, ends a wait at once.
 */
interface Transport extends Closeable {
    /**
     * Reads what is there, waiting for at least one byte.
     *
     * @return the number of bytes put into {@code into}; 0 if the deadline passed first; -1 at the end of the stream
     * @throws java.io.InterruptedIOException if the thread is interrupted (it stays so, and the connection stays open)
     */
    int read(ByteBuffer into, Deadline deadline) throws IOException;

    /** Writes all remaining bytes, waiting as long as it takes. */
    void write(ByteBuffer from) throws IOException;

    @Override
    void close();
}
