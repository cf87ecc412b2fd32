package io.isochron.objects;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * What a failed request says, as the exceptions of this room. Whatever is not known for certain is an {@link IOException} that leaves open what happened: in particular 409, which S3 gives to a
 * conditional write that met another one at work, and every 5xx.
 */
final class S3Errors {
    static final int FORBIDDEN = 403;
    static final int NOT_FOUND = 404;
    static final int PRECONDITION_FAILED = 412;
    static final int RANGE_NOT_SATISFIABLE = 416;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int NOT_IMPLEMENTED = 501;
    private static final int UNAVAILABLE = 503;
    private static final int INSUFFICIENT_STORAGE = 507;

    /** AWS has no quota of bytes; these are of Ceph, MinIO and others. */
    private static final Set<String> FULL = Set.of(
            "QuotaExceeded",
            "BucketQuotaExceeded",
            "XMinioAdminBucketQuotaExceeded",
            "XMinioStorageFull",
            "InsufficientStorage",
            "InsufficientCapacity");

    private static final Set<String> SLOW_DOWN = Set.of(
            "SlowDown",
            "ServiceUnavailable",
            "RequestLimitExceeded",
            "Throttling",
            "ThrottlingException",
            "TooManyRequests",
            "TooManyRequestsException");

    private final S3Settings settings;

    S3Errors(S3Settings settings) {
        this.settings = settings;
    }

    /** The headers of a failed request's answer; null if there was none. */
    static @Nullable SdkHttpResponse answer(S3Exception e) {
        @Nullable AwsErrorDetails details = e.awsErrorDetails();
        return details == null ? null : details.sdkHttpResponse();
    }

    /** True if it is certain that the object is missing, and not more than that. */
    static boolean isNoSuchKey(S3Exception e) {
        return e.statusCode() == NOT_FOUND && "NoSuchKey".equals(code(e));
    }

    /** What failed while an object was written. */
    IOException ofWrite(String name, long bytes, S3Exception e) {
        if (e.statusCode() == INSUFFICIENT_STORAGE || FULL.contains(code(e))) {
            return new StoreFullException(settings.describe(), bytes, "it says " + said(e), e);
        }
        if (e.statusCode() == NOT_IMPLEMENTED) {
            return new StoreException(
                    "store " + settings.describe() + " does not know what it takes to create an object: " + said(e)
                            + "\nhint: it must know If-None-Match, and the checksum that is configured",
                    e);
        }
        return of("write", name, e);
    }

    /** What failed. */
    IOException of(String doing, String name, SdkException e) {
        String what = "cannot " + doing + " '" + name + "' in " + settings.describe() + ": ";
        if (e instanceof AbortedException) {
            // the flag stays up, so that callers who wait and try again stop too
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException(what + "interrupted");
            interrupted.initCause(e);
            return interrupted;
        }
        if (!(e instanceof S3Exception answer)) {
            return unanswered(what, e);
        }
        String code = code(answer);
        int status = answer.statusCode();
        if (status == TOO_MANY_REQUESTS || status == UNAVAILABLE || SLOW_DOWN.contains(code)) {
            return new SlowDownException(what + said(answer), retryAfter(answer), e);
        }
        if (code.equals("NoSuchBucket")) {
            return new StoreRefusedException(
                    what + "there is no bucket " + settings.bucket()
                            + "\nhint: make it first; Isochron makes no buckets",
                    e);
        }
        if (code.equals("RequestTimeTooSkewed")) {
            return new StoreRefusedException(what + said(answer) + "\nhint: set this machine's clock", e);
        }
        boolean conflictOrTimeout = status == 408 || status == 409 || code.equals("RequestTimeout");
        if (status >= 300 && status < 500 && status != NOT_FOUND && !conflictOrTimeout && !damagedOnTheWay(code)) {
            return new StoreRefusedException(
                    what + said(answer)
                            + "\nhint: look at the credentials (environment, profile, instance), their rights in the bucket, and region and endpoint",
                    e);
        }
        return new IOException(what + said(answer), e);
    }

    /** 400 for bytes that are not those of the checksum: another attempt may help. */
    private static boolean damagedOnTheWay(String code) {
        return code.equals("BadDigest") || code.equals("XAmzContentSHA256Mismatch") || code.equals("IncompleteBody");
    }

    private static IOException unanswered(String what, SdkException e) {
        String message = String.valueOf(e.getMessage());
        if (message.contains("credentials")) {
            return new StoreRefusedException(
                    what
                            + "no credentials were found\nhint: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role",
                    e);
        }
        Throwable cause = e.getCause();
        return new IOException(
                what + (cause == null ? message : cause.toString())
                        + "\nhint: is the endpoint right, and can it be reached from here?",
                cause == null ? e : cause);
    }

    private static String code(S3Exception e) {
        @Nullable AwsErrorDetails details = e.awsErrorDetails();
        @Nullable String code = details == null ? null : details.errorCode();
        return code == null ? "" : code;
    }

    /** Status, code and the request's id, which the store's people ask for. */
    static String said(S3Exception e) {
        @Nullable AwsErrorDetails details = e.awsErrorDetails();
        @Nullable String text = details == null ? null : details.errorMessage();
        return "status " + e.statusCode() + (code(e).isEmpty() ? "" : " " + code(e))
                + (text == null || text.isBlank() ? "" : ", " + text.strip())
                + (e.requestId() == null ? "" : ", request " + e.requestId());
    }

    /** In seconds; a date, which the header may hold too, is taken for not said. */
    private static Duration retryAfter(S3Exception e) {
        @Nullable AwsErrorDetails details = e.awsErrorDetails();
        Optional<String> header = details == null || details.sdkHttpResponse() == null
                ? Optional.empty()
                : details.sdkHttpResponse().firstMatchingHeader("Retry-After");
        return header.map(String::strip)
                .filter(text -> text.matches("\\d{1,5}"))
                .map(text -> Duration.ofSeconds(Long.parseLong(text)))
                .orElse(Duration.ZERO);
    }
}
