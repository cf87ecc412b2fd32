package io.isochron.objects;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ObjectLockMode;
import software.amazon.awssdk.services.s3.model.ObjectLockRetentionMode;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRetentionResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Locks of the objects of a bucket, and what follows from the versions that such a bucket keeps (docs/adr/0020). A DELETE without a version only puts a marker on top, which hides an object and frees
 * nothing, so markers are looked through and objects are removed version by version.
 */
final class S3Locks {
    /** Names that a listing found to have more than their one version; beyond these they are renewed by their newest version only. */
    private static final int TAMPERED_MAX = 100_000;

    private final S3Client client;
    private final S3Settings settings;
    private final S3Errors errors;
    private final StoreClock clock;
    private final S3Versions versions;
    private final ObjectLock lock;
    private final Predicate<ObjectName> ephemeral;
    private final Set<ObjectName> tampered = ConcurrentHashMap.newKeySet();

    S3Locks(
            S3Client client,
            S3Settings settings,
            S3Errors errors,
            StoreClock clock,
            ObjectLock lock,
            Predicate<ObjectName> ephemeral) {
        this.client = client;
        this.settings = settings;
        this.errors = errors;
        this.clock = clock;
        this.versions = new S3Versions(client, settings, errors, clock);
        this.lock = lock;
        this.ephemeral = ephemeral;
    }

    S3Versions versions() {
        return versions;
    }

    /** What {@link S3VersionListing} finds. */
    void noted(TamperedObject object) {
        if (tampered.size() < TAMPERED_MAX) {
            tampered.add(object.name());
        }
    }

    boolean locks(ObjectName name) {
        return !ephemeral.test(name);
    }

    /** The object that shows whether a store keeps locks; its name begins with a dot, so listings leave it alone. */
    String probe() {
        return ".isochron/object-lock-" + lock.mode().name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Has an object locked when it is created. */
    void apply(PutObjectRequest.Builder request) throws IOException {
        request.objectLockMode(ObjectLockMode.fromValue(lock.mode().name())).objectLockRetainUntilDate(end());
    }

    private Instant end() throws IOException {
        return clock.now(settings.describe()).plus(lock.duration()).truncatedTo(ChronoUnit.SECONDS);
    }

    /**
     * Makes sure that the probe, which was created just now or earlier, shows a lock. Its versions are looked at, since it may have been overwritten or hidden.
     *
     * @throws StoreException if none does
     */
    void requireLocked(String probe) throws IOException {
        for (S3Versions.Version version : versions.of(probe).real().reversed()) {
            Optional<HeadObjectResponse> head = head(probe, version.id());
            if (head.isPresent()
                    && head.get().objectLockMode() != null
                    && head.get().objectLockRetainUntilDate() != null) {
                return;
            }
        }
        throw new StoreException("store " + settings.describe()
                + " took an object with a lock and shows none, so nothing is locked there"
                + "\nhint: Object Lock must be enabled for the bucket, and reading needs s3:GetObjectRetention");
    }

    /** What a store says that takes no object with a lock; null if it said something else. */
    @Nullable
    StoreException notTaken(S3Exception e) {
        int status = e.statusCode();
        return status == 400 || status == 405 || status == 501
                ? new StoreException(
                        "store " + settings.describe() + " takes no object with a lock: " + S3Errors.said(e)
                                + "\nhint: Object Lock must be enabled for the bucket, which is decided when it is made (AWS: or later, by its settings)",
                        e)
                : null;
    }

    Renewal renew(ObjectName name) throws IOException {
        if (!locks(name)) {
            return Renewal.NO_LOCK;
        }
        if (!tampered.contains(name)) {
            Optional<HeadObjectResponse> head = head(name, null);
            if (head.isPresent()) {
                return renew(name, head.get());
            }
        }
        Renewal most = Renewal.NO_LOCK;
        boolean any = false;
        // the oldest is what was created, and which of them is right is not known here
        for (S3Versions.Version version : versions.of(name).real()) {
            Optional<HeadObjectResponse> head = head(name, version.id());
            if (head.isPresent()) {
                most = most.or(renew(name, head.get()));
                any = true;
            }
        }
        if (!any) {
            throw new ObjectNotFoundException(name, settings.describe());
        }
        return most;
    }

    private Renewal renew(ObjectName name, HeadObjectResponse head) throws IOException {
        Instant now = clock.now(settings.describe());
        @Nullable Instant until = head.objectLockRetainUntilDate();
        Duration left = until == null ? Duration.ZERO : Duration.between(now, until);
        if (left.compareTo(lock.duration().dividedBy(2)) >= 0) {
            return Renewal.LONG_ENOUGH;
        }
        // what cannot be taken back stays so
        boolean compliance = head.objectLockMode() == ObjectLockMode.COMPLIANCE;
        ObjectLockRetentionMode mode = compliance
                ? ObjectLockRetentionMode.COMPLIANCE
                : ObjectLockRetentionMode.fromValue(lock.mode().name());
        Instant end = end();
        try {
            PutObjectRetentionResponse response = client.putObjectRetention(request -> request.bucket(settings.bucket())
                    .key(settings.key(name.value()))
                    .versionId(head.versionId())
                    .retention(retention -> retention.mode(mode).retainUntilDate(end)));
            clock.heard(response.sdkHttpResponse());
            return Renewal.EXTENDED;
        } catch (SdkException e) {
            throw errors.of("renew the lock of", name.value(), e);
        }
    }

    /** Asks for one version, or for what is current; empty if that is missing or a delete marker. */
    private Optional<HeadObjectResponse> head(ObjectName name, @Nullable String version) throws IOException {
        return head(name.value(), version);
    }

    private Optional<HeadObjectResponse> head(String name, @Nullable String version) throws IOException {
        try {
            return Optional.of(heard(client.headObject(request ->
                    request.bucket(settings.bucket()).key(settings.key(name)).versionId(version))));
        } catch (S3Exception e) {
            if (e.statusCode() == S3Errors.NOT_FOUND) {
                return Optional.empty();
            }
            throw errors.of("look at the lock of", name, e);
        } catch (SdkException e) {
            throw errors.of("look at the lock of", name, e);
        }
    }

    private HeadObjectResponse heard(HeadObjectResponse response) {
        clock.heard(response.sdkHttpResponse());
        return response;
    }

    /** When the last of the object's versions can be removed. */
    Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        Optional<HeadObjectResponse> head = tampered.contains(name) ? Optional.empty() : head(name, null);
        if (head.isPresent()) {
            return stillLocked(head.get());
        }
        S3Versions.All all = versions.of(name);
        if (all.real().isEmpty()) {
            throw new ObjectNotFoundException(name, settings.describe());
        }
        Optional<Instant> last = Optional.empty();
        for (S3Versions.Version version : all.real()) {
            Optional<Instant> until = head(name, version.id()).flatMap(this::quietly);
            if (until.isPresent() && (last.isEmpty() || until.get().isAfter(last.get()))) {
                last = until;
            }
        }
        return last.isPresent() && last.get().isAfter(clock.now(settings.describe())) ? last : Optional.empty();
    }

    private Optional<Instant> quietly(HeadObjectResponse head) {
        return Optional.ofNullable(head.objectLockRetainUntilDate());
    }

    private Optional<Instant> stillLocked(HeadObjectResponse head) throws IOException {
        @Nullable Instant until = head.objectLockRetainUntilDate();
        return until != null && until.isAfter(clock.now(settings.describe())) ? Optional.of(until) : Optional.empty();
    }

    /** Removes every version, the newest first, so that what is left when the store refuses one is what was created first; then the markers. */
    void delete(ObjectName name) throws IOException {
        S3Versions.All all = versions.of(name);
        if (all.real().isEmpty()) {
            throw new ObjectNotFoundException(name, settings.describe());
        }
        for (S3Versions.Version version : all.real()) {
            remove(name, version.id());
        }
        for (String marker : all.markers()) {
            remove(name, marker);
        }
        tampered.remove(name);
    }

    private void remove(ObjectName name, String version) throws IOException {
        try {
            DeleteObjectResponse response = client.deleteObject(request -> request.bucket(settings.bucket())
                    .key(settings.key(name.value()))
                    .versionId(version));
            clock.heard(response.sdkHttpResponse());
        } catch (S3Exception e) {
            if (e.statusCode() == S3Errors.FORBIDDEN) {
                Optional<Instant> until = head(name, version).flatMap(this::quietly);
                if (until.isPresent() && until.get().isAfter(clock.now(settings.describe()))) {
                    throw new ObjectLockedException(name, until.get(), settings.describe());
                }
            }
            throw errors.of("delete version " + version + " of", name.value(), e);
        } catch (SdkException e) {
            throw errors.of("delete version " + version + " of", name.value(), e);
        }
    }
}
