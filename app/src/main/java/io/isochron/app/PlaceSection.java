package io.isochron.app;

import io.isochron.app.YamlNode.Entry;
import io.isochron.app.YamlNode.Mapping;
import io.isochron.objects.ObjectLock;
import io.isochron.objects.ObjectLock.Mode;
import io.isochron.objects.Place;
import io.isochron.objects.S3Settings;
import io.isochron.objects.S3Settings.Checksums;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads one place from a section that has either {@code path: DIR} or {@code s3: {bucket: ...}}. */
final class PlaceSection {
    /** Its keys in a section. */
    static final Set<String> KEYS = Set.of("path", "s3");

    /** Stands for a place that could not be read; the problems say why. */
    static final Place NOWHERE = new Place.Folder(Path.of(""));

    private static final URI UNREADABLE = URI.create("none:none");
    private static final Pattern SECRET = Pattern.compile("(?i).*(secret|password|token|credential|access.?key).*");

    private final List<String> problems;
    private final Function<String, Path> paths;

    /** @param paths reads a path relative to the configuration's folder */
    PlaceSection(List<String> problems, Function<String, Path> paths) {
        this.problems = problems;
        this.paths = paths;
    }

    /** The place in a section, whose other keys are not looked at. */
    Place read(YamlSection section) {
        if (section.has("path") == section.has("s3")) {
            problems.add(section.place() + ": a repository needs either 'path' (a folder) or 's3' (a bucket)");
            return NOWHERE;
        }
        if (section.has("path")) {
            return new Place.Folder(paths.apply(section.required("path")));
        }
        return section.node("s3").map(this::bucket).orElse(NOWHERE);
    }

    private Place bucket(YamlNode node) {
        YamlSection s3 = YamlSection.of(
                "s3",
                withoutSecrets(node),
                Set.of("bucket", "prefix", "endpoint", "region", "path-style", "checksums", "lock"),
                problems);
        String bucket = s3.required("bucket");
        @Nullable URI endpoint = s3.has("endpoint") ? s3.value("endpoint", UNREADABLE, PlaceSection::uri) : null;
        if (bucket.isEmpty() || UNREADABLE.equals(endpoint)) {
            return NOWHERE;
        }
        S3Settings defaults;
        try {
            defaults = S3Settings.of(
                    bucket,
                    s3.optional("prefix").orElse(""),
                    endpoint,
                    s3.optional("region").orElse(null));
        } catch (IllegalArgumentException e) {
            s3.problem("bucket", String.valueOf(e.getMessage()).replace("\nhint: ", "; "));
            return NOWHERE;
        }
        boolean pathStyle = s3.value("path-style", defaults.pathStyle(), PlaceSection::yes);
        Checksums checksums = s3.value("checksums", defaults.checksums(), PlaceSection::checksums);
        @Nullable ObjectLock lock = s3.node("lock").map(this::lock).orElse(null);
        try {
            return new Place.S3(
                    new S3Settings(bucket, defaults.prefix(), endpoint, defaults.region(), pathStyle, checksums, lock));
        } catch (IllegalArgumentException e) {
            s3.problem("checksums", String.valueOf(e.getMessage()).replace("\nhint: ", "; "));
            return NOWHERE;
        }
    }

    /** Neither part has a default: what is locked in compliance mode cannot be taken back. */
    private @Nullable ObjectLock lock(YamlNode node) {
        YamlSection section = YamlSection.of("lock", node, Set.of("mode", "for"), problems);
        Optional<Mode> mode = Optional.empty();
        if (!section.required("mode").isEmpty()) {
            mode = section.value("mode", Optional.empty(), text -> Optional.of(mode(text)));
        }
        if (section.required("for").isEmpty() || mode.isEmpty()) {
            return null;
        }
        Mode how = mode.get();
        return section.value(
                        "for",
                        Optional.<ObjectLock>empty(),
                        text -> Optional.of(new ObjectLock(how, Units.duration(text))))
                .orElse(null);
    }

    private static Mode mode(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "governance" -> Mode.GOVERNANCE;
            case "compliance" -> Mode.COMPLIANCE;
            default ->
                throw new IllegalArgumentException("'" + text + "' is no mode; known are governance, compliance");
        };
    }

    /** Notes keys that look like credentials, and takes them out so that they are told once. */
    private YamlNode withoutSecrets(YamlNode node) {
        if (!(node instanceof Mapping mapping)) {
            return node;
        }
        Map<String, Entry> others = new LinkedHashMap<>();
        mapping.entries().forEach((key, entry) -> {
            if (SECRET.matcher(key).matches()) {
                problems.add(
                        entry.keyPlace() + ": '" + key
                                + "' in s3: credentials do not belong here; use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role of the machine");
            } else {
                others.put(key, entry);
            }
        });
        return new Mapping(mapping.place(), others);
    }

    private static URI uri(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            // not repeated, since it may hold a secret
            throw new IllegalArgumentException("not a uri; such as https://s3.example.org:9000", e);
        }
    }

    private static boolean yes(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on" -> true;
            case "false", "no", "off" -> false;
            default -> throw new IllegalArgumentException("'" + text + "' is neither true nor false");
        };
    }

    private static Checksums checksums(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "none" -> Checksums.NONE;
            case "md5" -> Checksums.MD5;
            case "crc32" -> Checksums.CRC32;
            default -> throw new IllegalArgumentException("'" + text + "' is no checksum; known are none, md5, crc32");
        };
    }
}
