package io.isochron.app;

import io.isochron.app.Config.Objectives;
import io.isochron.app.Config.Shard;
import io.isochron.app.YamlNode.Scalar;
import io.isochron.chronicle.Dialect;
import io.isochron.objects.StoreLimits;
import io.isochron.restore.Invariant;
import io.isochron.store.RetentionPromise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;

/** Reads {@code isochron.yaml}. Everything that is wrong is reported at once, each problem with its line and column. */
final class ConfigReader {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]{0,40}");
    private static final Pattern SLOT = Pattern.compile("[a-z0-9_]{1,63}");
    private static final Pattern ADDRESS = Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[^\\s,:'\\\\]+)(?::(\\d{1,5}))?");
    private static final Pattern KEYWORD_PASSWORD = Pattern.compile("(?i)(^|\\s)password\\s*=");
    private static final Pattern URI_PASSWORD =
            Pattern.compile("(?i)^postgres(ql)?://[^/@]*:[^/@]+@|[?&](ssl)?password=");

    private final List<String> problems = new ArrayList<>();
    private final Path file;

    private ConfigReader(Path file) {
        this.file = file;
    }

    static Config read(Path file) throws AppException {
        String yaml;
        try {
            yaml = Files.readString(file);
        } catch (NoSuchFileException _) {
            throw new AppException(
                    ExitCode.CONFIG,
                    "configuration " + file + " does not exist",
                    "name it with --config or ISOCHRON_CONFIG; `isochron init --example` prints one to start from.");
        } catch (IOException e) {
            throw new AppException(
                    ExitCode.CONFIG,
                    "configuration " + file + " cannot be read: " + e.getMessage(),
                    "look at its owner and mode.");
        }
        return read(file, yaml);
    }

    static Config read(Path file, String yaml) throws AppException {
        ConfigReader reader = new ConfigReader(file);
        Config config;
        try {
            config = reader.config(YamlNode.read(yaml, reader.problems));
        } catch (JacksonException e) {
            throw new AppException(
                    ExitCode.CONFIG,
                    "configuration " + file + " is not YAML: line "
                            + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr() + ": "
                            + e.getOriginalMessage().lines().findFirst().orElse(""),
                    "indent with spaces, and put text with ': ' or '#' in it in quotes.");
        }
        if (!reader.problems.isEmpty()) {
            reader.problems.sort(Comparator.comparingInt(ConfigReader::line));
            throw new AppException(
                    ExitCode.CONFIG,
                    "configuration " + file + " has "
                            + (reader.problems.size() == 1 ? "a problem" : reader.problems.size() + " problems")
                            + ":\n  " + String.join("\n  ", reader.problems),
                    "`isochron init --example` prints a configuration with every key explained.");
        }
        return config;
    }

    private static int line(String problem) {
        Matcher matcher = Pattern.compile("^line (\\d+)").matcher(problem);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private Config config(YamlNode root) {
        YamlSection top = YamlSection.of(
                "the configuration",
                root,
                Set.of(
                        "cluster",
                        "repository",
                        "shards",
                        "objectives",
                        "dialect",
                        "postgres-bin",
                        "invariants",
                        "capture"),
                problems);
        String cluster = top.required("cluster");
        if (!cluster.isEmpty() && !NAME.matcher(cluster).matches()) {
            top.problem(
                    "cluster", "'" + cluster + "' is not a cluster name (a-z, 0-9, _ and -, beginning with a letter)");
        }
        Set<String> known = new HashSet<>(KeySection.KEYS);
        known.addAll(PlaceSection.KEYS);
        known.addAll(CopiesSection.KEYS);
        known.addAll(LimitsSection.KEYS);
        PlaceSection places = new PlaceSection(problems, this::path);
        Optional<YamlSection> repository = section(top, "repository", known);
        Placement placement = repository
                .map(r -> new CopiesSection(problems, places).read(r))
                .orElse(Placement.single(PlaceSection.NOWHERE));
        return new Config(
                file,
                cluster,
                shards(top),
                placement,
                repository
                        .map(r -> new LimitsSection(problems).read(r, placement))
                        .orElse(StoreLimits.DEFAULT),
                repository
                        .map(r -> new KeySection(problems, this::path).read(r))
                        .orElse(new KeySource.InVariable("")),
                top.optional("postgres-bin").map(this::path),
                dialect(top),
                objectives(top),
                invariants(top),
                new CaptureSection(problems, this::path).read(top));
    }

    private Optional<YamlSection> section(YamlSection top, String key, Set<String> known) {
        if (top.node(key).isEmpty()) {
            top.required(key);
        }
        return top.node(key).map(node -> YamlSection.of(key, node, known, problems));
    }

    /** Relative paths start at the configuration's folder, so that it does not matter where a command is run. */
    private Path path(String text) {
        Path folder = file.toAbsolutePath().getParent();
        return folder == null ? Path.of(text) : folder.resolve(text).normalize();
    }

    private List<Shard> shards(YamlSection top) {
        if (!top.has("shards")) {
            top.required("shards");
        }
        List<Shard> shards = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (YamlNode item : top.items("shards")) {
            YamlSection shard = YamlSection.of(
                    "a shard", item, Set.of("name", "connection", "service", "addresses", "slot"), problems);
            String name = shard.required("name");
            if (!name.isEmpty() && !NAME.matcher(name).matches()) {
                shard.problem(
                        "name", "'" + name + "' is not a shard name (a-z, 0-9, _ and -, beginning with a letter)");
            }
            if (!name.isEmpty() && !names.add(name)) {
                shard.problem("name", "shard '" + name + "' appears twice");
            }
            String slot = shard.optional("slot").orElse("isochron_" + name.replace('-', '_'));
            if (!SLOT.matcher(slot).matches()) {
                shard.problem("slot", "'" + slot + "' is not a slot name (a-z, 0-9 and _, at most 63)");
            }
            shards.add(new Shard(name, connection(shard), slot));
        }
        if (shards.isEmpty() && top.has("shards")) {
            top.problem("shards", "there must be at least one shard");
        }
        return List.copyOf(shards);
    }

    private String connection(YamlSection shard) {
        if (shard.has("connection") == shard.has("service")) {
            problems.add(
                    shard.place() + ": a shard needs either 'connection' (a libpq connection string) or 'service'");
            return "";
        }
        if (shard.has("service")) {
            return addressed(shard, "service=" + shard.required("service"));
        }
        String connection = shard.required("connection");
        if (KEYWORD_PASSWORD.matcher(connection).find()
                || URI_PASSWORD.matcher(connection).find()) {
            shard.problem(
                    "connection",
                    "a connection must not hold a password; put it into ~/.pgpass or a file named by passfile=, mode 0600");
            return "";
        }
        return addressed(shard, connection);
    }

    /** With the addresses of all servers of a shard, which go over those of the connection string. */
    private static String addressed(YamlSection shard, String connection) {
        List<String> hosts = new ArrayList<>();
        List<String> ports = new ArrayList<>();
        for (YamlNode item : shard.items("addresses")) {
            Matcher address = ADDRESS.matcher(
                    item instanceof Scalar scalar ? scalar.text().strip() : "");
            if (!address.matches()) {
                shard.problem("addresses", "'addresses' must be a list of HOST or HOST:PORT");
                return "";
            }
            hosts.add(address.group(1).replaceAll("[\\[\\]]", ""));
            ports.add(address.group(2) == null ? "" : address.group(2));
        }
        if (hosts.isEmpty()) {
            return connection;
        }
        if (connection.startsWith("postgres://") || connection.startsWith("postgresql://")) {
            shard.problem(
                    "addresses", "a connection URI names its hosts itself; use keywords (user=...) with 'addresses'");
            return "";
        }
        boolean anyPort = ports.stream().anyMatch(port -> !port.isEmpty());
        return connection + " host=" + String.join(",", hosts) + (anyPort ? " port=" + String.join(",", ports) : "");
    }

    private Dialect dialect(YamlSection top) {
        Optional<YamlNode> node = top.node("dialect");
        if (node.isEmpty()) {
            return Dialect.known();
        }
        if (node.get() instanceof Scalar) {
            return top.value("dialect", Dialect.known(), text -> switch (text.toLowerCase(Locale.ROOT)) {
                case "auto" -> Dialect.known();
                case "xa" -> Dialect.xa();
                case "citus" -> Dialect.citus();
                case "pgdog" -> Dialect.pgDog();
                default ->
                    throw new IllegalArgumentException(
                            "'" + text + "' is not a dialect; known are auto, xa, citus, pgdog and {pattern: ...}");
            });
        }
        YamlSection own = YamlSection.of("dialect", node.get(), Set.of("pattern"), problems);
        own.required("pattern");
        return own.value("pattern", Dialect.known(), Dialect::pattern);
    }

    private Objectives objectives(YamlSection top) {
        Optional<YamlNode> node = top.node("objectives");
        if (node.isEmpty()) {
            return Objectives.DEFAULT;
        }
        YamlSection section = YamlSection.of(
                "objectives",
                node.get(),
                Set.of("retention", "daily", "weekly", "monthly", "buffer", "rpo", "rto"),
                problems);
        RetentionPromise usual = Objectives.DEFAULT.retention();
        RetentionPromise retention = usual;
        try {
            retention = new RetentionPromise(
                    section.value("retention", usual.anySecond(), Units::duration),
                    section.value("daily", usual.daily(), Units::duration),
                    section.value("weekly", usual.weekly(), Units::duration),
                    section.value("monthly", usual.monthly(), Units::duration),
                    section.value("buffer", usual.buffer(), Units::duration));
        } catch (IllegalArgumentException e) {
            section.problem("retention", String.valueOf(e.getMessage()).replace("\nhint: ", "; "));
        }
        return new Objectives(
                retention,
                section.value("rpo", Objectives.DEFAULT.rpo(), Units::duration),
                section.value("rto", Objectives.DEFAULT.rto(), Units::duration));
    }

    private List<Invariant> invariants(YamlSection top) {
        List<Invariant> invariants = new ArrayList<>();
        for (YamlNode item : top.items("invariants")) {
            YamlSection section = YamlSection.of(
                    "an invariant", item, Set.of("name", "kind", "database", "sql", "expected"), problems);
            String name = section.required("name");
            String sql = section.required("sql");
            String kind = section.required("kind");
            if (name.isEmpty() || sql.isEmpty() || kind.isEmpty()) {
                continue;
            }
            try {
                Invariant.Kind known = switch (kind) {
                    case "sum" -> Invariant.Kind.SUM;
                    case "matched" -> Invariant.Kind.MATCHED;
                    case "empty" -> Invariant.Kind.EMPTY;
                    default ->
                        throw new IllegalArgumentException(
                                "'" + kind + "' is not a kind; known are sum, matched and empty");
                };
                String expected = known == Invariant.Kind.EMPTY ? "" : section.required("expected");
                if (known == Invariant.Kind.EMPTY || !expected.isEmpty()) {
                    invariants.add(new Invariant(
                            name, known, section.optional("database").orElse(null), sql, expected));
                }
            } catch (IllegalArgumentException e) {
                section.problem("kind", String.valueOf(e.getMessage()).replace("\nhint: ", "; "));
            }
        }
        return List.copyOf(invariants);
    }
}
