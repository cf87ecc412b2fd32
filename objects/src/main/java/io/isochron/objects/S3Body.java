package io.isochron.objects;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * The bytes of an answer to GET, counted against what its headers announce: a connection that ends early is an error and not a shorter object. One that is closed early is cut off rather than
 * read to its end.
 */
final class S3Body extends InputStream {
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+)");
    private static final int OK = 200;

    private final ResponseInputStream<GetObjectResponse> in;
    private final String what;
    private final long expected;
    private long got;

    private S3Body(ResponseInputStream<GetObjectResponse> in, String what, long expected) {
        this.in = in;
        this.what = what;
        this.expected = expected;
    }

    /** The header for {@code length} bytes, 1 or more, from {@code offset} on. */
    static String range(long offset, long length) {
        boolean toTheEnd = length > Long.MAX_VALUE - offset;
        return "bytes=" + offset + "-" + (toTheEnd ? "" : offset + length - 1);
    }

    /**
     * The body of an answer to a request for {@code length} bytes, 1 or more, from {@code offset} on.
     *
     * @throws IOException if its headers do not fit the request
     */
    static InputStream of(ResponseInputStream<GetObjectResponse> in, String what, long offset, long length)
            throws IOException {
        try {
            return new S3Body(in, what, announced(in.response(), what, offset, length));
        } catch (IOException | RuntimeException e) {
            in.abort();
            throw e;
        }
    }

    private static long announced(GetObjectResponse response, String what, long offset, long length)
            throws IOException {
        Long bytes = response.contentLength();
        if (bytes == null || bytes < 0) {
            throw new IOException("the store does not say how many bytes it sends of " + what);
        }
        if (response.sdkHttpResponse().statusCode() == OK) {
            if (offset > 0) {
                throw new IOException("the store sends the whole of " + what + " and was asked for the bytes from "
                        + offset + " on\nhint: it does not know ranges");
            }
            return Math.min(bytes, length);
        }
        @Nullable String text = response.contentRange();
        Matcher range = CONTENT_RANGE.matcher(text == null ? "" : text);
        if (!range.matches()) {
            throw new IOException("the store does not say which bytes it sends of " + what + ": Content-Range " + text);
        }
        long total = Long.parseLong(range.group(3));
        long wanted = Math.min(length, total - offset);
        if (Long.parseLong(range.group(1)) != offset || bytes != wanted) {
            throw new IOException("the store sends other bytes of " + what + " than it was asked for: " + text + ", "
                    + bytes + " bytes; wanted were " + wanted + " from " + offset + " on");
        }
        return wanted;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 1 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (got == expected) {
            return -1;
        }
        int count = in.read(target, offset, (int) Math.min(length, expected - got));
        if (count < 0) {
            throw new EOFException("the connection ended after " + got + " of " + expected + " bytes of " + what);
        }
        got += count;
        return count;
    }

    @Override
    public int available() throws IOException {
        return (int) Math.min(in.available(), expected - got);
    }

    @Override
    public void close() throws IOException {
        if (got == expected && in.read() < 0) {
            in.close();
        } else {
            in.abort();
        }
    }
}
