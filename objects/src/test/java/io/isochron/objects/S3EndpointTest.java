package io.isochron.objects;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * The contract and the tests of locks on a real store, by hand: {@code -Disochron.s3.endpoint=http://127.0.0.1:7480 -Disochron.s3.bucket=plain -Disochron.s3.locked-bucket=locked}, with credentials from where
 * the AWS SDK looks. The second bucket has Object Lock enabled. What is locked there stays for a month; use buckets that can be thrown away.
 *
 * <p>With {@code -Disochron.s3.conditions=here} conditions of creation are decided in this process, for stores that ignore them in buckets with versions (Ceph RGW 16). Then nothing is shown about conditions.
 */
class S3EndpointTest {
    private static final String ENDPOINT = "isochron.s3.endpoint";
    private static final String BUCKET = "isochron.s3.bucket";
    private static final String LOCKED = "isochron.s3.locked-bucket";
    private static final String RUN = "run-" + UUID.randomUUID();

    private static S3Settings fresh(String bucket) {
        return S3Settings.of(
                System.getProperty(bucket),
                RUN + "/" + UUID.randomUUID(),
                URI.create(System.getProperty(ENDPOINT)),
                null);
    }

    private static S3Client client(S3Settings settings) throws IOException {
        S3Client client = S3Clients.usual(settings);
        return "here".equals(System.getProperty("isochron.s3.conditions")) ? new ConditionsHere(client) : client;
    }

    /** Looks first, and lets nobody else of this process create meanwhile. */
    private static final class ConditionsHere extends DelegatingS3Client {
        private static final Object CREATING = new Object();

        private final S3Client client;

        ConditionsHere(S3Client client) {
            super(client);
            this.client = client;
        }

        @Override
        public PutObjectResponse putObject(PutObjectRequest request, RequestBody body) {
            if (request.ifNoneMatch() == null) {
                return client.putObject(request, body);
            }
            synchronized (CREATING) {
                SdkHttpResponse exists;
                try {
                    exists = client.headObject(
                                    head -> head.bucket(request.bucket()).key(request.key()))
                            .sdkHttpResponse();
                } catch (S3Exception e) {
                    if (e.statusCode() == S3Errors.NOT_FOUND) {
                        return client.putObject(
                                request.toBuilder().ifNoneMatch(null).build(), body);
                    }
                    throw e;
                }
                throw S3Exception.builder()
                        .statusCode(S3Errors.PRECONDITION_FAILED)
                        .awsErrorDetails(AwsErrorDetails.builder()
                                .errorCode("PreconditionFailed")
                                .sdkHttpResponse(exists)
                                .build())
                        .build();
            }
        }
    }

    @Nested
    @EnabledIfSystemProperty(named = BUCKET, matches = ".+")
    class Plain extends ObjectStoreContract {
        @Override
        protected ObjectStore store() throws IOException {
            S3Settings settings = fresh(BUCKET);
            return new S3Store(S3Clients.usual(settings), settings);
        }
    }

    @Nested
    @EnabledIfSystemProperty(named = LOCKED, matches = ".+")
    class Versions extends ObjectStoreContract {
        @Override
        protected ObjectStore store() throws IOException {
            S3Settings settings = fresh(LOCKED).locking(new ObjectLock(ObjectLock.Mode.GOVERNANCE, Duration.ofDays(1)));
            return new S3Store(client(settings), settings, _ -> true, InstantSource.system());
        }
    }

    @Nested
    @EnabledIfSystemProperty(named = LOCKED, matches = ".+")
    class Locks extends LockContract {
        @Override
        S3Settings fresh() {
            return S3EndpointTest.fresh(LOCKED);
        }

        @Override
        S3Client client(S3Settings settings) throws IOException {
            return S3EndpointTest.client(settings);
        }
    }
}
