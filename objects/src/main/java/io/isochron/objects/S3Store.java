package io.isochron.objects;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;
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
 * <p>A store that does not know the condition would let two writers overwrite each other. So before its first {@code create} an instance asks for proof, see {@link #requireConditionalWrites}.
 */
public final class S3Store implements ObjectStore {
    /** Begins with a dot, so no object has its name and listings leave it alone. */
    static final String PROBE = ".isochron/conditional-writes";

    private static final byte[] PROBE_TEXT =
            "Shows that this store refuses to create what exists. Do not remove.\n".getBytes(StandardCharsets.UTF_8);

    private final S3Client client;
    private final S3Settings settings;
    private final S3Errors errors;
    private volatile boolean conditionalWrites;

    S3Store(S3Client client, S3Settings settings) {
        this.client = client;
        this.settings = settings;
        this.errors = new S3Errors(settings);
    }

    /**
     * Opens a store; no request is made yet. Credentials come from the usual chain of the AWS SDK: system properties, environment, web identity, profile, container, instance.
     *
     * @throws StoreException if there is no region to be found
     */
    public static S3Store open(S3Settings settings) throws IOException {
        return new S3Store(S3Clients.usual(settings), settings);
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
            put(PROBE, Content.of(PROBE_TEXT), true);
            return false;
        } catch (S3Exception e) {
            if (e.statusCode() == S3Errors.PRECONDITION_FAILED) {
                return true;
            }
            throw errors.ofWrite(PROBE, PROBE_TEXT.length, e);
        } catch (SdkException e) {
            throw errors.of("write", PROBE, e);
        }
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        requireConditionalWrites();
        try {
            put(name.value(), content, true);
        } catch (S3Exception e) {
            if (e.statusCode() == S3Errors.PRECONDITION_FAILED) {
                throw new ObjectExistsException(name, describe());
            }
            throw errors.ofWrite(name.value(), content.bytes(), e);
        } catch (SdkException e) {
            throw errors.of("create", name.value(), e);
        }
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        try {
            put(name.value(), content, false);
        } catch (S3Exception e) {
            throw errors.ofWrite(name.value(), content.bytes(), e);
        } catch (SdkException e) {
            throw errors.of("replace", name.value(), e);
        }
    }

    private void put(String name, Content content, boolean onlyIfAbsent) throws IOException {
        PutObjectRequest.Builder request =
                PutObjectRequest.builder().bucket(settings.bucket()).key(settings.key(name));
        if (onlyIfAbsent) {
            request.ifNoneMatch("*");
        }
        // taken whole before a request is made, so that a source that fails halfway leaves nothing
        ByteBuffer bytes = content.inMemory();
        switch (settings.checksums()) {
            case NONE -> {}
            case MD5 -> request.contentMD5(md5(bytes.duplicate()));
            case CRC32 -> request.checksumCRC32(crc32(bytes.duplicate()));
        }
        client.putObject(
                request.build(),
                RequestBody.fromContentProvider(
                        () -> new ByteArrayInputStream(
                                bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining()),
                        bytes.remaining(),
                        "application/octet-stream"));
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
            ResponseInputStream<GetObjectResponse> in = client.getObject(request -> {
                request.bucket(settings.bucket()).key(settings.key(name.value()));
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

    /** By HEAD. Its 404 has no body to tell a missing object from a missing bucket, so absence is asked for again by a GET of one byte. */
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
        return S3Listing.list(client, settings, errors, prefix, startAfter);
    }

    /** S3 does not say whether there was something to remove, so it is looked for first: of two at once both may succeed. */
    @Override
    public void delete(ObjectName name) throws IOException {
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
