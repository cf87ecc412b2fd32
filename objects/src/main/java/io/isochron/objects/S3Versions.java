package io.isochron.objects;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteMarkerEntry;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;
import software.amazon.awssdk.services.s3.model.ObjectVersion;

/** What a bucket with versions has under one key. */
final class S3Versions {
    /** More versions than that of one key are somebody's attack or mistake, and are not looked through. */
    private static final int PAGES_MAX = 10;

    private final S3Client client;
    private final S3Settings settings;
    private final S3Errors errors;
    private final StoreClock clock;

    S3Versions(S3Client client, S3Settings settings, S3Errors errors, StoreClock clock) {
        this.client = client;
        this.settings = settings;
        this.errors = errors;
        this.clock = clock;
    }

    /**
     * A version.
     *
     * @param id as the store calls it
     * @param bytes its length
     */
    record Version(String id, long bytes) {}

    /**
     * All of a key.
     *
     * @param real those that have bytes, the newest first
     * @param markers ids of delete markers
     */
    record All(List<Version> real, List<String> markers) {}

    All of(ObjectName name) throws IOException {
        return of(name.value());
    }

    /** @param name an object's, or another one below the prefix */
    All of(String name) throws IOException {
        String key = settings.key(name);
        List<ObjectVersion> real = new ArrayList<>();
        List<String> markers = new ArrayList<>();
        @Nullable String keyMarker = null;
        @Nullable String idMarker = null;
        for (int page = 0; page < PAGES_MAX; page++) {
            @Nullable String afterKey = keyMarker;
            @Nullable String afterId = idMarker;
            ListObjectVersionsResponse response;
            try {
                response = client.listObjectVersions(request -> request.bucket(settings.bucket())
                        .prefix(key)
                        .keyMarker(afterKey)
                        .versionIdMarker(afterId));
            } catch (SdkException e) {
                throw errors.of("list versions of", name, e);
            }
            clock.heard(response.sdkHttpResponse());
            response.versions().stream().filter(v -> v.key().equals(key)).forEach(real::add);
            response.deleteMarkers().stream()
                    .filter(marker -> marker.key().equals(key))
                    .map(DeleteMarkerEntry::versionId)
                    .forEach(markers::add);
            keyMarker = response.nextKeyMarker();
            idMarker = response.nextVersionIdMarker();
            // the key itself comes before all others that begin with it
            if (!Boolean.TRUE.equals(response.isTruncated()) || keyMarker == null || keyMarker.compareTo(key) > 0) {
                return new All(
                        real.stream()
                                .sorted(Comparator.comparing((ObjectVersion v) -> !Boolean.TRUE.equals(v.isLatest())))
                                .map(v -> new Version(v.versionId(), v.size()))
                                .toList(),
                        List.copyOf(markers));
            }
        }
        throw new IOException("object " + name + " has too many versions in " + settings.describe() + ": more than "
                + real.size() + "\nhint: somebody overwrites it; see who may write there");
    }
}
