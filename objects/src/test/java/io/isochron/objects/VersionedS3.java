package io.isochron.objects;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A stand-in for a bucket with versions and Object Lock, in memory and without signatures: what of the protocol {@link S3Store} uses and no more. It answers as AWS documents it and as Ceph RGW was seen to answer
 * ({@code S3EndpointTest} runs the same tests against a real store), but for conditions, which RGW 16 ignores in such buckets.
 */
public final class VersionedS3 implements AutoCloseable {
    public static final String BUCKET = "versioned-bucket";

    /** What the server does beyond what it should. */
    public enum Quirk {
        /** The bucket has no Object Lock. */
        NO_OBJECT_LOCK,
        /** Locks are taken and forgotten. */
        LOCKS_ARE_IGNORED,
        /** A policy forbids DELETE, and PUT to a key that exists, whatever its condition. */
        WRITE_ONCE,
        /** A page of a listing has two entries. */
        SHORT_PAGES
    }

    private static final int OK = 200;

    private static final class Version {
        final String id;
        final byte[] bytes;
        final boolean marker;
        String mode;
        Instant until;

        Version(String id, byte[] bytes, boolean marker) {
            this.id = id;
            this.bytes = bytes;
            this.marker = marker;
        }

        boolean locked() {
            return until != null && until.isAfter(Instant.now());
        }
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Quirk> quirks;
    private final NavigableMap<String, List<Version>> objects = new TreeMap<>();
    private final List<String> refused = new ArrayList<>();
    private int number;

    public VersionedS3(Quirk... quirks) throws IOException {
        this.quirks = Arrays.asList(quirks);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                byte[] body = exchange.getRequestBody().readAllBytes();
                synchronized (this) {
                    answer(exchange, body);
                }
            }
        });
        server.start();
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    public S3Settings settings(String prefix) {
        return S3Settings.of(BUCKET, prefix, endpoint(), null);
    }

    /** Requests that the policy refused, as {@code METHOD key}, with {@code -IF-ABSENT} for conditional ones. */
    public synchronized List<String> refused() {
        return List.copyOf(refused);
    }

    /** Keys of objects that are locked now, and of those that are not. */
    public synchronized Map<Boolean, List<String>> keysByLock() {
        Map<Boolean, List<String>> keys = new LinkedHashMap<>();
        keys.put(true, new ArrayList<>());
        keys.put(false, new ArrayList<>());
        objects.forEach(
                (key, versions) -> keys.get(versions.getFirst().locked()).add(key));
        return keys;
    }

    /** What somebody may do who has the credentials of capture and no policy in the way: puts other bytes over every other object, and a delete marker over the rest. Returns how many objects. */
    public synchronized int tamper() {
        int tampered = 0;
        for (List<Version> versions : objects.values()) {
            boolean hide = tampered++ % 2 == 0;
            versions.addFirst(new Version("v" + ++number, new byte[hide ? 0 : 100], hide));
        }
        return tampered;
    }

    private void answer(HttpExchange exchange, byte[] body) throws IOException {
        String path = exchange.getRequestURI().getPath().substring(1);
        Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
        if (!path.equals(BUCKET) && !path.startsWith(BUCKET + "/")) {
            RawS3.error(exchange, 404, "NoSuchBucket");
            return;
        }
        String key = path.equals(BUCKET) ? "" : path.substring(BUCKET.length() + 1);
        switch (exchange.getRequestMethod()) {
            case "GET", "HEAD" -> {
                if (!key.isEmpty()) {
                    get(exchange, key, query.get("versionId"));
                } else if (query.containsKey("versions")) {
                    versions(exchange, query);
                } else {
                    RawS3.error(exchange, 501, "NotImplemented");
                }
            }
            case "PUT" -> {
                if (query.containsKey("retention")) {
                    retain(exchange, key, query.get("versionId"), new String(body, StandardCharsets.UTF_8));
                } else {
                    put(exchange, key, body);
                }
            }
            case "DELETE" -> delete(exchange, key, query.get("versionId"));
            default -> RawS3.error(exchange, 405, "MethodNotAllowed");
        }
    }

    private static Map<String, String> query(String raw) {
        Map<String, String> query = new LinkedHashMap<>();
        for (String part : raw == null ? new String[0] : raw.split("&")) {
            String[] sides = part.split("=", 2);
            query.put(sides[0], sides.length < 2 ? "" : URLDecoder.decode(sides[1], StandardCharsets.UTF_8));
        }
        return query;
    }

    private boolean forbidden(HttpExchange exchange, String key) throws IOException {
        boolean ifAbsent = exchange.getRequestHeaders().containsKey("If-None-Match");
        refused.add(exchange.getRequestMethod() + (ifAbsent ? "-IF-ABSENT " : " ") + key);
        RawS3.error(exchange, 403, "AccessDenied");
        return true;
    }

    private Version current(String key) {
        List<Version> versions = objects.getOrDefault(key, List.of());
        return versions.isEmpty() || versions.getFirst().marker ? null : versions.getFirst();
    }

    private Version version(String key, String id) {
        if (id == null) {
            return current(key);
        }
        return objects.getOrDefault(key, List.of()).stream()
                .filter(version -> version.id.equals(id))
                .findFirst()
                .orElse(null);
    }

    private void put(HttpExchange exchange, String key, byte[] body) throws IOException {
        if (quirks.contains(Quirk.WRITE_ONCE) && current(key) != null && forbidden(exchange, key)) {
            return;
        }
        if ("*".equals(exchange.getRequestHeaders().getFirst("If-None-Match")) && current(key) != null) {
            RawS3.error(exchange, 412, "PreconditionFailed");
            return;
        }
        String mode = exchange.getRequestHeaders().getFirst("x-amz-object-lock-mode");
        String until = exchange.getRequestHeaders().getFirst("x-amz-object-lock-retain-until-date");
        if (mode != null && quirks.contains(Quirk.NO_OBJECT_LOCK)) {
            RawS3.error(exchange, 400, "InvalidRequest");
            return;
        }
        boolean checked = exchange.getRequestHeaders().containsKey("Content-MD5")
                || exchange.getRequestHeaders().containsKey("x-amz-checksum-crc32");
        if ((mode == null) != (until == null) || (mode != null && !checked)) {
            RawS3.error(exchange, 400, "InvalidRequest");
            return;
        }
        Version version = new Version("v" + ++number, body, false);
        if (mode != null && !quirks.contains(Quirk.LOCKS_ARE_IGNORED)) {
            version.mode = mode;
            version.until = OffsetDateTime.parse(until).toInstant();
        }
        objects.computeIfAbsent(key, _ -> new ArrayList<>()).addFirst(version);
        exchange.getResponseHeaders().set("x-amz-version-id", version.id);
        exchange.sendResponseHeaders(OK, -1);
    }

    private void retain(HttpExchange exchange, String key, String id, String xml) throws IOException {
        Version version = version(key, id);
        Instant until = Instant.parse(element(xml, "RetainUntilDate"));
        String mode = element(xml, "Mode");
        if (version == null || version.marker) {
            RawS3.error(exchange, 404, version == null ? "NoSuchKey" : "MethodNotAllowed");
        } else if (version.until != null
                && (until.isBefore(version.until.truncatedTo(ChronoUnit.SECONDS))
                        || (version.locked() && version.mode.equals("COMPLIANCE") && !mode.equals("COMPLIANCE")))) {
            RawS3.error(exchange, 403, "AccessDenied");
        } else {
            version.mode = mode;
            version.until = until;
            exchange.sendResponseHeaders(OK, -1);
        }
    }

    private static String element(String xml, String name) {
        Matcher matcher =
                Pattern.compile("<" + name + ">([^<]*)</" + name + ">").matcher(xml);
        if (!matcher.find()) {
            throw new IllegalArgumentException("no " + name + " in " + xml);
        }
        return matcher.group(1);
    }

    private void get(HttpExchange exchange, String key, String id) throws IOException {
        Version version = version(key, id);
        if (version == null) {
            RawS3.error(exchange, 404, id == null ? "NoSuchKey" : "NoSuchVersion");
            return;
        }
        if (version.marker) {
            RawS3.error(exchange, 405, "MethodNotAllowed");
            return;
        }
        exchange.getResponseHeaders().set("x-amz-version-id", version.id);
        if (version.until != null) {
            exchange.getResponseHeaders().set("x-amz-object-lock-mode", version.mode);
            exchange.getResponseHeaders().set("x-amz-object-lock-retain-until-date", version.until.toString());
        }
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", String.valueOf(version.bytes.length));
            exchange.sendResponseHeaders(OK, -1);
            return;
        }
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            whole(exchange, version.bytes);
            return;
        }
        String[] sides = range.substring("bytes=".length()).split("-", 2);
        long from = Long.parseLong(sides[0]);
        long to = sides[1].isEmpty() ? Long.MAX_VALUE : Long.parseLong(sides[1]);
        if (from >= version.bytes.length) {
            RawS3.error(exchange, 416, "InvalidRange");
            return;
        }
        byte[] part = Arrays.copyOfRange(version.bytes, (int) from, (int) Math.min(to, version.bytes.length - 1L) + 1);
        RawS3.part(
                exchange,
                206,
                "bytes " + from + "-" + (from + part.length - 1) + "/" + version.bytes.length,
                part.length,
                part);
    }

    private static void whole(HttpExchange exchange, byte[] bytes) throws IOException {
        exchange.sendResponseHeaders(OK, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private void delete(HttpExchange exchange, String key, String id) throws IOException {
        if (quirks.contains(Quirk.WRITE_ONCE) && forbidden(exchange, key)) {
            return;
        }
        if (id == null) {
            objects.computeIfAbsent(key, _ -> new ArrayList<>())
                    .addFirst(new Version("v" + ++number, new byte[0], true));
        } else {
            Version version = version(key, id);
            if (version != null && version.locked()) {
                RawS3.error(exchange, 403, "AccessDenied");
                return;
            }
            List<Version> versions = objects.getOrDefault(key, new ArrayList<>());
            versions.remove(version);
            if (versions.isEmpty()) {
                objects.remove(key);
            }
        }
        exchange.sendResponseHeaders(204, -1);
    }

    private void versions(HttpExchange exchange, Map<String, String> query) throws IOException {
        String prefix = query.getOrDefault("prefix", "");
        String afterKey = query.getOrDefault("key-marker", "");
        String afterId = query.getOrDefault("version-id-marker", "");
        int most = quirks.contains(Quirk.SHORT_PAGES) ? 2 : 1000;
        StringBuilder xml = new StringBuilder("<ListVersionsResult>");
        int entries = 0;
        String next = "";
        boolean more = false;
        for (Map.Entry<String, List<Version>> entry :
                objects.tailMap(afterKey, true).entrySet()) {
            boolean begun = !entry.getKey().equals(afterKey);
            for (Version version : entry.getValue()) {
                if (!begun) {
                    begun = version.id.equals(afterId);
                } else if (entry.getKey().startsWith(prefix)) {
                    more = entries == most;
                    if (more) {
                        break;
                    }
                    entries++;
                    next = "<NextKeyMarker>" + entry.getKey() + "</NextKeyMarker><NextVersionIdMarker>" + version.id
                            + "</NextVersionIdMarker>";
                    String tag = version.marker ? "DeleteMarker" : "Version";
                    xml.append(String.format(
                            Locale.ROOT,
                            "<%s><Key>%s</Key><VersionId>%s</VersionId><IsLatest>%s</IsLatest>%s</%s>",
                            tag,
                            entry.getKey(),
                            version.id,
                            version == entry.getValue().getFirst(),
                            version.marker ? "" : "<Size>" + version.bytes.length + "</Size>",
                            tag));
                }
            }
            if (more) {
                break;
            }
        }
        xml.append("<IsTruncated>").append(more).append("</IsTruncated>").append(more ? next : "");
        whole(exchange, xml.append("</ListVersionsResult>").toString().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
