package io.isochron.objects;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Bytes of an object; where reading them fails the object is opened again at the offset that was reached. */
final class ResumedStream extends InputStream {
    private final RetryingStore retrying;
    private final ObjectStore store;
    private final ObjectName name;
    private long offset;
    private long left;
    private @Nullable InputStream in;

    ResumedStream(
            RetryingStore retrying, ObjectStore store, ObjectName name, long offset, long length, InputStream in) {
        this.retrying = retrying;
        this.store = store;
        this.name = name;
        this.offset = offset;
        this.left = length;
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 1 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        RetryingStore.@Nullable Patience patience = null;
        while (true) {
            try {
                InputStream open = in;
                if (open == null) {
                    open = store.open(name, offset, left);
                    in = open;
                }
                int count = open.read(target, from, length);
                if (count > 0) {
                    offset += count;
                    left -= count;
                }
                return count;
            } catch (IOException e) {
                abandon(e);
                if (patience == null) {
                    patience = retrying.patience();
                }
                patience.afterwards(e);
            }
        }
    }

    private void abandon(IOException failure) {
        InputStream open = in;
        in = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
    }

    @Override
    public int available() throws IOException {
        InputStream open = in;
        return open == null ? 0 : open.available();
    }

    @Override
    public void close() throws IOException {
        InputStream open = in;
        in = null;
        if (open != null) {
            open.close();
        }
    }
}
