package io.isochron.objects;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * The objects of a bucket in the order of their names, a page at a time. Each page starts after the last key of the one before ({@code start-after}), so that nothing depends on how long a store
 * keeps its continuation tokens. Keys that are no object names are left alone. A store that does not sort keys by their bytes is refused.
 */
final class S3Listing implements Iterator<ObjectInfo> {
    private final S3Client client;
    private final S3Settings settings;
    private final S3Errors errors;
    private final String prefix;
    private final int below;
    private String last;
    private Iterator<S3Object> page;
    private boolean more;
    private @Nullable ObjectInfo next;

    private S3Listing(
            S3Client client, S3Settings settings, S3Errors errors, String prefix, @Nullable ObjectName startAfter) {
        this.client = client;
        this.settings = settings;
        this.errors = errors;
        this.prefix = settings.key(prefix);
        this.below = settings.key("").length();
        this.last = startAfter == null ? "" : settings.key(startAfter.value());
        this.page = List.<S3Object>of().iterator();
        this.more = true;
    }

    /** The first page is asked for at once, so that most errors come from here. */
    static Stream<ObjectInfo> list(
            S3Client client, S3Settings settings, S3Errors errors, String prefix, @Nullable ObjectName startAfter)
            throws IOException {
        S3Listing listing = new S3Listing(client, settings, errors, prefix, startAfter);
        listing.nextPage();
        return StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(listing, Spliterator.ORDERED | Spliterator.NONNULL), false);
    }

    private void nextPage() throws IOException {
        ListObjectsV2Response response;
        try {
            response = client.listObjectsV2(request -> {
                request.bucket(settings.bucket());
                if (!prefix.isEmpty()) {
                    request.prefix(prefix);
                }
                if (!last.isEmpty()) {
                    request.startAfter(last);
                }
            });
        } catch (SdkException e) {
            throw errors.of("list", prefix, e);
        }
        List<S3Object> contents = response.contents();
        more = Boolean.TRUE.equals(response.isTruncated());
        if (more && contents.isEmpty()) {
            throw new IOException("store " + settings.describe() + " sent an empty page after '" + last
                    + "' and says that there is more");
        }
        page = contents.iterator();
    }

    @Override
    public boolean hasNext() {
        try {
            while (next == null && (page.hasNext() || more)) {
                if (page.hasNext()) {
                    next = info(page.next());
                } else {
                    nextPage();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return next != null;
    }

    private @Nullable ObjectInfo info(S3Object object) throws IOException {
        String key = object.key();
        if (key.compareTo(last) <= 0) {
            throw new IOException(
                    "store " + settings.describe() + " lists '" + key + "' after '" + last
                            + "'\nhint: it does not sort keys by their bytes, which is needed; directory buckets of AWS do not");
        }
        last = key;
        if (!key.startsWith(prefix) || !ObjectName.isName(key.substring(below))) {
            return null;
        }
        return new ObjectInfo(new ObjectName(key.substring(below)), object.size());
    }

    @Override
    public ObjectInfo next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException();
        }
        ObjectInfo result = next;
        next = null;
        return result;
    }
}
