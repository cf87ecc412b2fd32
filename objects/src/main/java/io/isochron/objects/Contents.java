package io.isochron.objects;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Bytes of contents, and whose fault it is when they do not arrive. */
final class Contents {
    private Contents() {}

    static byte[] bytes(Content content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(Math.toIntExact(content.bytes()));
        content.writeTo(out);
        return out.toByteArray();
    }

    /** The same content, which throws {@link SourceException} where it is the content that fails and not what it is written to. */
    static Content guarded(Content content) {
        return new Content() {
            @Override
            public long bytes() {
                return content.bytes();
            }

            @Override
            public ByteBuffer inMemory() throws IOException {
                try {
                    return content.inMemory();
                } catch (IOException e) {
                    throw new SourceException(e);
                }
            }

            @Override
            public void writeTo(OutputStream out) throws IOException {
                Sink sink = new Sink(out);
                try {
                    content.writeTo(sink);
                } catch (IOException e) {
                    throw sink.failed ? e : new SourceException(e);
                }
            }
        };
    }

    /** The content of an object could not be had; the store is not to blame. */
    static final class SourceException extends IOException {
        private static final long serialVersionUID = 1L;

        private final IOException source;

        SourceException(IOException source) {
            super(source);
            this.source = source;
        }

        IOException source() {
            return source;
        }
    }

    /** Remembers that it failed. */
    private static final class Sink extends OutputStream {
        private final OutputStream out;
        private boolean failed;

        Sink(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }
}
