package io.isochron.objects;

import java.net.URI;
import java.time.Duration;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.services.s3.S3Client;

/** S3Proxy in this process, with an empty bucket in memory. It decides conditional writes by creating files exclusively, so of many at once one wins. */
public final class TestS3 implements AutoCloseable {
    public static final String ACCESS_KEY = "test-access-key";
    public static final String SECRET_KEY = "test-secret-key";
    public static final String BUCKET = "test-bucket";

    private final BlobStore blobs = new TransientNio2BlobStore();
    private final S3Proxy proxy = S3Proxy.builder()
            .blobStore(blobs)
            .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .stopTimeout(0)
            .build();

    public TestS3() throws Exception {
        blobs.createContainer(BUCKET);
        proxy.start();
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + proxy.getPort());
    }

    /** The bucket, or what is below a prefix of it. */
    public S3Settings settings(String prefix) {
        return S3Settings.of(BUCKET, prefix, endpoint(), null);
    }

    /** A client with this server's credentials, or with others. */
    static S3Client client(S3Settings settings, String secret) throws StoreException {
        return S3Clients.client(
                settings,
                StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, secret)),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5));
    }

    static S3Client client(S3Settings settings) throws StoreException {
        return client(settings, SECRET_KEY);
    }

    /** A store in this server. */
    public static S3Store store(S3Settings settings) throws StoreException {
        return new S3Store(client(settings), settings);
    }

    @Override
    public void close() {
        try {
            proxy.stop();
        } catch (Exception e) {
            throw new IllegalStateException("s3proxy does not stop", e);
        }
        blobs.close();
    }
}
