package io.isochron.objects;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;
import software.amazon.awssdk.services.s3.model.ObjectVersion;

/**
 * The objects of a bucket with versions in the order of their names. An object is there as long as it has a version, also below a delete marker, which a usual listing takes for its absence. What is told
 * of it is its newest version.
 */
final class S3VersionListing implements Iterator<ObjectInfo> {
    private final S3Client client;
    private final S3Settings settings;
    private final S3Errors errors;
    private final StoreClock clock;
    private final Consumer<TamperedObject> tampered;
    private final String prefix;
    private final int below;
    private final String after;
    private final Deque<ObjectVersion> page = new ArrayDeque<>();
    private @Nullable String keyMarker;
    private @Nullable String idMarker;
    private boolean more = true;
    private String last = "";
    private @Nullable ObjectInfo next;

    private S3VersionListing(
            S3Client client,
            S3Settings settings,
            S3Errors errors,
            StoreClock clock,
            Consumer<TamperedObject> tampered,
            String prefix,
            @Nullable ObjectName startAfter) {
        this.client = client;
        this.settings = settings;
        this.errors = errors;
        this.clock = clock;
        this.tampered = tampered;
        this.prefix = settings.key(prefix);
        this.below = settings.key("").length();
        this.after = startAfter == null ? "" : settings.key(startAfter.value());
        this.keyMarker = after.isEmpty() ? null : after;
    }

    /**
     * The first page is asked for at once, so that most errors come from here.
     *
     * @param tampered is told each object that has more than one version, or is below a delete marker
     */
    static Stream<ObjectInfo> list(
            S3Client client,
            S3Settings settings,
            S3Errors errors,
            StoreClock clock,
            Consumer<TamperedObject> tampered,
            String prefix,
            @Nullable ObjectName startAfter)
            throws IOException {
        S3VersionListing listing = new S3VersionListing(client, settings, errors, clock, tampered, prefix, startAfter);
        listing.nextPage();
        return StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(listing, Spliterator.ORDERED | Spliterator.NONNULL), false);
    }

    private void nextPage() throws IOException {
        ListObjectVersionsResponse response;
        try {
            response = client.listObjectVersions(request -> request.bucket(settings.bucket())
                    .prefix(prefix.isEmpty() ? null : prefix)
                    .keyMarker(keyMarker)
                    .versionIdMarker(idMarker));
        } catch (SdkException e) {
            throw errors.of("list versions of", prefix, e);
        }
        clock.heard(response.sdkHttpResponse());
        more = Boolean.TRUE.equals(response.isTruncated());
        if (more && response.versions().isEmpty() && response.deleteMarkers().isEmpty()) {
            throw new IOException("store " + settings.describe() + " sent an empty page of versions after '" + last
                    + "' and says that there is more");
        }
        @Nullable String goOn = response.nextKeyMarker();
        boolean goesOn =
                goOn != null && !(goOn.equals(keyMarker) && Objects.equals(response.nextVersionIdMarker(), idMarker));
        if (more && !goesOn) {
            throw new IOException("store " + settings.describe()
                    + " does not say where its list of versions goes on after '" + last + "'");
        }
        keyMarker = goOn;
        idMarker = response.nextVersionIdMarker();
        page.addAll(response.versions());
    }

    private @Nullable ObjectVersion peek() throws IOException {
        while (page.isEmpty() && more) {
            nextPage();
        }
        return page.peek();
    }

    @Override
    public boolean hasNext() {
        try {
            while (next == null) {
                ObjectVersion newest = peek();
                if (newest == null) {
                    return false;
                }
                next = object(newest);
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes all versions of one key; null if it is no object's, or not asked for. */
    private @Nullable ObjectInfo object(ObjectVersion newest) throws IOException {
        String key = newest.key();
        if (key.compareTo(last) <= 0) {
            throw new IOException("store " + settings.describe() + " lists '" + key + "' after '" + last
                    + "'\nhint: it does not sort keys by their bytes, which is needed");
        }
        last = key;
        int versions = 0;
        for (ObjectVersion version = newest; version != null && version.key().equals(key); version = peek()) {
            page.remove();
            versions++;
        }
        if (key.compareTo(after) <= 0 || !key.startsWith(prefix) || !ObjectName.isName(key.substring(below))) {
            return null;
        }
        ObjectName name = new ObjectName(key.substring(below));
        boolean hidden = !Boolean.TRUE.equals(newest.isLatest());
        if (hidden || versions > 1) {
            tampered.accept(new TamperedObject(name, versions, hidden));
        }
        return new ObjectInfo(name, newest.size());
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
