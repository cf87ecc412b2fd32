package io.isochron.app;

import io.isochron.app.YamlNode.Scalar;
import io.isochron.store.KeyProgram;
import io.isochron.store.KeyWrapping;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what the section {@code repository} says about the key. */
final class KeySection {
    /** Its keys in that section. */
    static final Set<String> KEYS = Set.of("key-file", "key-variable", "key-wrapping");

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final List<String> problems;
    private final Function<String, Path> paths;

    /** @param paths reads a path relative to the configuration's folder */
    KeySection(List<String> problems, Function<String, Path> paths) {
        this.problems = problems;
        this.paths = paths;
    }

    KeySource read(YamlSection repository) {
        if (!repository.has("key-variable")) {
            if (!repository.has("key-file")) {
                problems.add(repository.place()
                        + ": repository lacks the key 'key-file' (or 'key-variable', for a key in the environment)");
            }
            return new KeySource.InFile(
                    paths.apply(repository.optional("key-file").orElse("")), wrapping(repository));
        }
        String variable = repository.required("key-variable");
        if (repository.has("key-file") || repository.has("key-wrapping")) {
            repository.problem(
                    "key-variable",
                    "the key is either in a file ('key-file', perhaps with 'key-wrapping') or in a variable ('key-variable')");
        } else if (!variable.isEmpty() && !VARIABLE.matcher(variable).matches()) {
            // it may be the key itself, which is not repeated
            repository.problem(
                    "key-variable", "'key-variable' must be the name of an environment variable, not its value");
        }
        return new KeySource.InVariable(variable);
    }

    private @Nullable KeyWrapping wrapping(YamlSection repository) {
        Optional<YamlNode> node = repository.node("key-wrapping");
        if (node.isEmpty()) {
            return null;
        }
        YamlSection section =
                YamlSection.of("key-wrapping", node.get(), Set.of("name", "wrap", "unwrap", "time-limit"), problems);
        String name = section.required("name");
        List<String> wrap = command(section, "wrap");
        List<String> unwrap = command(section, "unwrap");
        Duration limit = section.value("time-limit", LIMIT, Units::duration);
        return wrap.isEmpty() || unwrap.isEmpty() ? null : new KeyProgram(name, wrap, unwrap, limit);
    }

    private static List<String> command(YamlSection section, String key) {
        if (!section.has(key)) {
            section.required(key);
            return List.of();
        }
        List<String> command = new ArrayList<>();
        for (YamlNode item : section.items(key)) {
            if (!(item instanceof Scalar argument)) {
                section.problem(key, "'" + key + "' in key-wrapping must be a list of a program and its arguments");
                return List.of();
            }
            command.add(argument.text());
        }
        if (command.isEmpty() || command.getFirst().isBlank()) {
            section.problem(key, "'" + key + "' in key-wrapping names no program");
            return List.of();
        }
        return command;
    }
}
