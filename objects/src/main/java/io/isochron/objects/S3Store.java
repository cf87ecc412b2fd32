package io.isochron.objects;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Objects in a bucket of AWS S3 or of a store that speaks its protocol; docs/object-stores.md says what such a store must be able to do.
 *
 * <p>{@link #create} is one PUT with the condition {@code If-None-Match: *}. Objects are at most about 96 MiB long and the protocol takes 5 GiB in one PUT, so nothing is uploaded in
 * parts: a PUT is whole or absent by itself, needs no clean-up after a crash, and its condition is known to more stores than that of a completed multipart upload.
 *
 * <p>With {@link S3Settings#lock} objects are locked when they are created, and the bucket keeps versions: see {@link S3Locks}.
 *
 * <p>A store that does not know the condition would let two writers overwrite each other. So before its first {@code create} an instance asks for proof, see {@link #requireConditionalWrites}.
 */
public final class S3Store implements ObjectStore {
    /** Begins with a dot, so no object has its name and listings leave it alone. */
    static final String PROBE = ".isochron/conditional-writes";

    private static final byte[] PROBE_TEXT =
            "Shows that this store refuses to create what exists. Do not remove.\n".getBytes(StandardCharsets.UTF_8);

    private static final byte[] LOCK_PROBE_TEXT =
            "Shows that this store locks objects.\n".getBytes(StandardCharsets.UTF_8);

    private final S3Client client;
    private final S3Settings settings;
    private final S3Errors errors;
    private final StoreClock clock;
    private final @Nullable S3Locks locks;
    private volatile boolean conditionalWrites;
    private volatile boolean lockedWrites;

    S3Store(S3Client client, S3Settings settings) {
        this(client, settings, _ -> false, InstantSource.system());
    }

    S3Store(S3Client client, S3Settings settings, Predicate<ObjectName> ephemeral, InstantSource time) {
        this.client = client;
        this.settings = settings;
        this.errors = new S3Errors(settings);
        this.clock = new StoreClock(time, System::nanoTime);
        @Nullable ObjectLock lock = settings.lock();
        this.locks = lock == null ? null : new S3Locks(client, settings, errors, clock, lock, ephemeral);
    }

    /**
     * Opens a store; no request is made yet. Credentials come from the usual chain of the AWS SDK: system properties, environment, web identity, profile, container, instance.
     *
     * @param ephemeral objects that are never locked, since they are removed soon
     * @throws StoreException if there is no region to be found
     */
    public static S3Store open(S3Settings settings, Predicate<ObjectName> ephemeral) throws IOException {
        return new S3Store(S3Clients.usual(settings), settings, ephemeral, InstantSource.system());
    }

    /**
     * Makes sure that the store can be written to: {@link #requireConditionalWrites}, and, if objects are to be locked, that it locks them.
     *
     * @throws StoreException if it cannot
     */
    public void requireWritable() throws IOException {
        requireConditionalWrites();
        if (locks != null && !lockedWrites) {
            String probe = locks.probe();
            try {
                put(probe, Content.of(LOCK_PROBE_TEXT), true, true);
            } catch (S3Exception e) {
                @Nullable StoreException notTaken = locks.notTaken(e);
                if (notTaken != null) {
                    throw notTaken;
                }
                if (!mayExist(e)) {
                    throw errors.ofWrite(probe, LOCK_PROBE_TEXT.length, e);
                }
            } catch (SdkException e) {
                throw errors.of("write", probe, e);
            }
            locks.requireLocked(probe);
            lockedWrites = true;
        }
    }

    /**
     * Makes sure that the store refuses to create what exists, by creating an object that exists: the first time the probe is created twice. It stays, so that those who must not delete can
     * prove it too. That a store decides between two at the same moment cannot be seen from one place; docs/object-stores.md says for which stores it is known.
     *
     * @throws StoreException if the store takes the second one, or says that it does not know the condition
     */
    public void requireConditionalWrites() throws IOException {
        if (conditionalWrites) {
            return;
        }
        boolean refused = refuses();
        if (!refused) {
            // created just now, or the condition is ignored
            refused = refuses();
        }
        if (!refused) {
            throw new StoreException(
                    "store " + describe() + " creates an object that exists: it ignores If-None-Match"
                            + "\nhint: two writers could overwrite each other there; use a store or a version of it with conditional writes");
        }
        conditionalWrites = true;
    }

    /** Creates the probe; true if it was refused because it exists. */
    private boolean refuses() throws IOException {
        try {
            put(PROBE, Content.of(PROBE_TEXT), true, false);
            return false;
        } catch (S3Exception e) {
            if (e.statusCode() == S3Errors.PRECONDITION_FAILED || (mayExist(e) && exists(PROBE))) {
                return true;
            }
            throw errors.ofWrite(PROBE, PROBE_TEXT.length, e);
        } catch (SdkException e) {
            throw errors.of("write", PROBE, e);
        }
    }

    /** True if a create that ended so may have met an existing object: a bucket may forbid any PUT to a key that exists, and then says 403 like for anything else that it forbids. */
    private static boolean mayExist(S3Exception e) {
        return e.statusCode() == S3Errors.PRECONDITION_FAILED || e.statusCode() == S3Errors.FORBIDDEN;
    }

    /** True if it is certain that the key exists. */
    private boolean exists(String name) {
        try {
            client.headObject(request -> request.bucket(settings.bucket()).key(settings.key(name)));
            return true;
        } catch (SdkException e) {
            return false;
        }
    }

    private boolean locked(ObjectName name) {
        return locks != null && locks.locks(name);
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        requireWritable();
        try {
            put(name.value(), content, true, locked(name));
        } catch (S3Exception e) {
            if (e.statusCode() == S3Errors.PRECONDITION_FAILED || (mayExist(e) && exists(name.value()))) {
                throw new ObjectExistsException(name, describe());
            }
            throw errors.ofWrite(name.value(), content.bytes(), e);
        } catch (SdkException e) {
            throw errors.of("create", name.value(), e);
        }
    }

    /** In a bucket with versions the right bytes become a newer one, locked like any other. */
    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        if (locks != null) {
            requireWritable();
        }
        try {
            put(name.value(), content, false, locked(name));
        } catch (S3Exception e) {
            throw errors.ofWrite(name.value(), content.bytes(), e);
        } catch (SdkException e) {
            throw errors.of("replace", name.value(), e);
        }
    }

    private void put(String name, Content content, boolean onlyIfAbsent, boolean lock) throws IOException {
        PutObjectRequest.Builder request =
                PutObjectRequest.builder().bucket(settings.bucket()).key(settings.key(name));
        if (onlyIfAbsent) {
            request.ifNoneMatch("*");
        }
        if (lock && locks != null) {
            locks.apply(request);
        }
        // taken whole before a request is made, so that a source that fails halfway leaves nothing
        ByteBuffer bytes = content.inMemory();
        switch (settings.checksums()) {
            case NONE -> {}
            case MD5 -> request.contentMD5(md5(bytes.duplicate()));
            case CRC32 -> request.checksumCRC32(crc32(bytes.duplicate()));
        }
        RequestBody body = RequestBody.fromContentProvider(
                () -> new ByteArrayInputStream(
                        bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining()),
                bytes.remaining(),
                "application/octet-stream");
        try {
            clock.heard(client.putObject(request.build(), body).sdkHttpResponse());
        } catch (S3Exception e) {
            clock.heard(S3Errors.answer(e));
            throw e;
        }
    }

    private static String md5(ByteBuffer bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("MD5");
            digest.update(bytes);
            return Base64.getEncoder().encodeToString(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String crc32(ByteBuffer bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return Base64.getEncoder()
                .encodeToString(ByteBuffer.allocate(Integer.BYTES)
                        .putInt((int) crc.getValue())
                        .array());
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        if (length == 0) {
            if (stat(name).isEmpty()) {
                throw new ObjectNotFoundException(name, describe());
            }
            return InputStream.nullInputStream();
        }
        try {
            return get(name, null, offset, length);
        } catch (ObjectNotFoundException e) {
            List<S3Versions.Version> hidden = hidden(name);
            if (hidden.isEmpty()) {
                throw e;
            }
            return get(name, hidden.getFirst().id(), offset, length);
        }
    }

    /** What is below a delete marker, the newest version first; empty if there is nothing, or if that is what an object's absence is. */
    private List<S3Versions.Version> hidden(ObjectName name) throws IOException {
        return locks == null ? List.of() : locks.versions().of(name).real();
    }

    /** @param version null for what is current */
    private InputStream get(ObjectName name, @Nullable String version, long offset, long length) throws IOException {
        try {
            ResponseInputStream<GetObjectResponse> in = client.getObject(request -> {
                request.bucket(settings.bucket())
                        .key(settings.key(name.value()))
                        .versionId(version);
                if (offset > 0 || length < Long.MAX_VALUE) {
                    request.range(S3Body.range(offset, length));
                }
            });
            return S3Body.of(in, name + " of " + describe(), offset, length);
        } catch (S3Exception e) {
            if (e.statusCode() == S3Errors.RANGE_NOT_SATISFIABLE) {
                return InputStream.nullInputStream();
            }
            if (S3Errors.isNoSuchKey(e)) {
                throw new ObjectNotFoundException(name, describe());
            }
            throw errors.of("read", name.value(), e);
        } catch (SdkException e) {
            throw errors.of("read", name.value(), e);
        }
    }

    /** By HEAD. Its 404 has no body to tell a missing object from a missing bucket, so absence is asked for again, by a GET of one byte, or by the list of its versions where a marker may hide it. */
    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        try {
            HeadObjectResponse head = client.headObject(
                    request -> request.bucket(settings.bucket()).key(settings.key(name.value())));
            Long length = head.contentLength();
            if (length == null) {
                throw new IOException("store " + describe() + " does not say how long object " + name + " is");
            }
            return Optional.of(new ObjectInfo(name, length));
        } catch (S3Exception e) {
            if (e.statusCode() != S3Errors.NOT_FOUND) {
                throw errors.of("look at", name.value(), e);
            }
        } catch (SdkException e) {
            throw errors.of("look at", name.value(), e);
        }
        if (locks != null) {
            return hidden(name).stream().findFirst().map(version -> new ObjectInfo(name, version.bytes()));
        }
        try {
            open(name, 0, 1).close();
        } catch (ObjectNotFoundException e) {
            return Optional.empty();
        }
        throw new IOException("store " + describe() + " says of object " + name + " that it is there and that it is not"
                + "\nhint: it may have been created just now; ask again");
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        return locks == null
                ? S3Listing.list(client, settings, errors, prefix, startAfter)
                : S3VersionListing.list(client, settings, errors, clock, locks::noted, prefix, startAfter);
    }

    @Override
    public Renewal renew(ObjectName name) throws IOException {
        return locks == null ? Renewal.NO_LOCK : locks.renew(name);
    }

    @Override
    public Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        return locks == null ? ObjectStore.super.lockedUntil(name) : locks.lockedUntil(name);
    }

    @Override
    public <T> Optional<T> readOlder(ObjectName name, int limit, Check<T> check) throws IOException {
        for (S3Versions.Version version : hidden(name).reversed()) {
            try (InputStream in = get(name, version.id(), 0, limit + 1L)) {
                return Optional.of(check.open(in.readAllBytes()));
            } catch (ObjectDamagedException | ObjectNotFoundException e) {
                // another one may pass
            }
        }
        return Optional.empty();
    }

    @Override
    public void findTampered(String prefix, Consumer<TamperedObject> found) throws IOException {
        if (locks == null) {
            return;
        }
        try (Stream<ObjectInfo> all = S3VersionListing.list(client, settings, errors, clock, found, prefix, null)) {
            all.forEach(_ -> {});
        } catch (UncheckedIOException e) {
            throw e.getCause() == null ? new IOException(e) : e.getCause();
        }
    }

    /** S3 does not say whether there was something to remove, so it is looked for first: of two at once both may succeed. */
    @Override
    public void delete(ObjectName name) throws IOException {
        if (locks != null) {
            locks.delete(name);
            return;
        }
        if (stat(name).isEmpty()) {
            throw new ObjectNotFoundException(name, describe());
        }
        try {
            client.deleteObject(request -> request.bucket(settings.bucket()).key(settings.key(name.value())));
        } catch (SdkException e) {
            throw errors.of("delete", name.value(), e);
        }
    }

    @Override
    public String describe() {
        return settings.describe();
    }

    @Override
    public void close() {
        client.close();
    }
}
