package io.isochron.objects;

import java.net.URI;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where objects are kept in a store that speaks S3. Credentials are not here: they come from the usual chain of the AWS SDK.
 *
 * @param bucket an existing bucket
 * @param prefix what all keys begin with, an object name without a slash at its end; empty for the whole bucket
 * @param endpoint {@code http(s)://host[:port]} of a store that is not AWS; null for AWS
 * @param region region to sign for; null asks the usual chain for AWS, and is {@code us-east-1} elsewhere
 * @param pathStyle whether the bucket stands in the path of requests and not in the host's name
 * @param checksums what is sent with an object so that the store notices bytes that changed on their way
 * @param lock how objects are locked when they are created; null if they are not. The bucket must have Object Lock enabled then
 */
public record S3Settings(
        String bucket,
        String prefix,
        @Nullable URI endpoint,
        @Nullable String region,
        boolean pathStyle,
        Checksums checksums,
        @Nullable ObjectLock lock) {
    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
    private static final Pattern REGION = Pattern.compile("[A-Za-z0-9-]{1,64}");
    private static final int LONGEST_PREFIX = 400;

    /** What goes along with the bytes of an object. */
    public enum Checksums {
        /** Nothing. Over HTTPS only TLS guards the bytes on their way; over HTTP the signature covers them. */
        NONE,
        /** {@code Content-MD5}, which every store knows that speaks S3. */
        MD5,
        /** {@code x-amz-checksum-crc32}, which AWS keeps with the object; many other stores do not know it. */
        CRC32
    }

    /** @throws IllegalArgumentException if a part is not what it should be */
    public S3Settings {
        if (!BUCKET.matcher(bucket).matches()) {
            throw new IllegalArgumentException("'" + bucket
                    + "' is not a bucket name\nhint: 3 to 63 characters a-z, 0-9, '.' and '-', without s3:// in front");
        }
        if (!prefix.isEmpty() && (prefix.length() > LONGEST_PREFIX || !ObjectName.isName(prefix))) {
            throw new IllegalArgumentException("'" + prefix
                    + "' is not a prefix\nhint: use lower-case letters, digits, '.', '_' and '-', in segments joined by '/', at most "
                    + LONGEST_PREFIX + " characters");
        }
        if (region != null && !REGION.matcher(region).matches()) {
            throw new IllegalArgumentException("'" + region + "' is not a region\nhint: such as eu-central-1");
        }
        if (endpoint != null) {
            check(endpoint);
        }
        if (lock != null && checksums == Checksums.NONE) {
            throw new IllegalArgumentException(
                    "a store locks only objects that come with a checksum" + "\nhint: checksums: md5, or crc32");
        }
    }

    /** With the defaults of AWS, or of other stores if there is an endpoint: path style, and MD5 as checksum. */
    public static S3Settings of(String bucket, String prefix, @Nullable URI endpoint, @Nullable String region) {
        return new S3Settings(bucket, prefix, endpoint, region, endpoint != null, defaultChecksums(endpoint), null);
    }

    /** The same place with its objects locked; null for not. */
    public S3Settings locking(@Nullable ObjectLock how) {
        return new S3Settings(bucket, prefix, endpoint, region, pathStyle, checksums, how);
    }

    public static Checksums defaultChecksums(@Nullable URI endpoint) {
        return endpoint == null ? Checksums.CRC32 : Checksums.MD5;
    }

    private static void check(URI endpoint) {
        if (endpoint.getRawUserInfo() != null || endpoint.getRawQuery() != null) {
            // not repeated, since it may hold a secret
            throw new IllegalArgumentException("the endpoint of bucket must be http(s)://host[:port] and nothing more"
                    + "\nhint: credentials come from the environment, a profile or the instance");
        }
        boolean web = "http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme());
        @Nullable String path = endpoint.getRawPath();
        boolean more = path == null || (!path.isEmpty() && !path.equals("/")) || endpoint.getRawFragment() != null;
        if (!web || endpoint.getHost() == null || more) {
            throw new IllegalArgumentException(
                    "'" + endpoint + "' is not an endpoint\nhint: such as https://s3.example.org:9000");
        }
    }

    /** The key of an object, or the beginning of keys. */
    String key(String name) {
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    /** For people: {@code s3://bucket/prefix at endpoint}. */
    public String describe() {
        return "s3://" + bucket + (prefix.isEmpty() ? "" : "/" + prefix) + (endpoint == null ? "" : " at " + endpoint);
    }
}
