package io.isochron.objects;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/** Makes clients of the AWS SDK that do one request at a time, once, and nothing behind our back. */
final class S3Clients {
    static final Duration CONNECT = Duration.ofSeconds(10);

    /** How long a connection may be silent. */
    static final Duration SILENCE = Duration.ofSeconds(30);

    private S3Clients() {}

    /** A client with credentials from the usual chain, asked for when the first request is made. */
    static S3Client usual(S3Settings settings) throws IOException {
        return client(settings, DefaultCredentialsProvider.builder().build(), CONNECT, SILENCE);
    }

    static S3Client client(S3Settings settings, AwsCredentialsProvider credentials, Duration connect, Duration silence)
            throws StoreException {
        @Nullable URI endpoint = settings.endpoint();
        S3ClientBuilder builder = S3Client.builder()
                .credentialsProvider(credentials)
                .region(region(settings))
                .forcePathStyle(settings.pathStyle())
                // checksums are ours to send: the SDK's own come as trailers of chunked bodies, which many stores do
                // not know
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .serviceConfiguration(configuration -> configuration
                        .chunkedEncodingEnabled(false)
                        // the JDK's connections wait seconds for stores that do not answer "100 Continue"
                        .expectContinueEnabled(false))
                .overrideConfiguration(override -> override.retryStrategy(DefaultRetryStrategy.doNotRetry()))
                .httpClientBuilder(UrlConnectionHttpClient.builder()
                        .connectionTimeout(connect)
                        .socketTimeout(silence));
        if (endpoint != null) {
            builder.endpointOverride(endpoint);
        }
        return builder.build();
    }

    private static Region region(S3Settings settings) throws StoreException {
        @Nullable String region = settings.region();
        if (region != null) {
            return Region.of(region);
        }
        if (settings.endpoint() != null) {
            return Region.US_EAST_1;
        }
        try {
            return DefaultAwsRegionProviderChain.builder().build().getRegion();
        } catch (SdkException e) {
            throw new StoreException(
                    "no region is known for " + settings.describe()
                            + "\nhint: name it in the configuration, or set AWS_REGION",
                    e);
        }
    }
}
