package io.isochron.app;

import io.isochron.app.YamlNode.Entry;
import io.isochron.app.YamlNode.Mapping;
import io.isochron.app.YamlNode.Place;
import io.isochron.app.YamlNode.Scalar;
import io.isochron.app.YamlNode.Sequence;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A mapping that is being read. Whatever is wrong with it is added to the list of problems; reading goes on to find the rest. */
final class YamlSection {
    private final String name;
    private final Mapping mapping;
    private final List<String> problems;

    private YamlSection(String name, Mapping mapping, List<String> problems) {
        this.name = name;
        this.mapping = mapping;
        this.problems = problems;
    }

    /** A section, whose keys must be among {@code known}. */
    static YamlSection of(String name, YamlNode node, Set<String> known, List<String> problems) {
        if (!(node instanceof Mapping mapping)) {
            problems.add(node.place() + ": " + name + " must be keys with values (" + String.join(", ", sorted(known))
                    + ")");
            return new YamlSection(name, new Mapping(node.place(), Map.of()), problems);
        }
        mapping.entries().forEach((key, entry) -> {
            if (!known.contains(key)) {
                problems.add(entry.keyPlace() + ": unknown key '" + key + "' in " + name
                        + Nearest.to(key, known)
                                .map(near -> ", did you mean '" + near + "'?")
                                .orElse("; known are " + String.join(", ", sorted(known))));
            }
        });
        return new YamlSection(name, mapping, problems);
    }

    private static List<String> sorted(Set<String> known) {
        return known.stream().sorted().toList();
    }

    Place place() {
        return mapping.place();
    }

    /** Where the value of a key stands, or the section itself. */
    Place place(String key) {
        Entry entry = mapping.entries().get(key);
        return entry == null ? mapping.place() : entry.value().place();
    }

    boolean has(String key) {
        return mapping.entries().containsKey(key);
    }

    Optional<YamlNode> node(String key) {
        return Optional.ofNullable(mapping.entries().get(key)).map(Entry::value);
    }

    void problem(String key, String what) {
        problems.add(place(key) + ": " + what);
    }

    /** The text of a key that must be there; empty, with a problem noted, when it is not. */
    String required(String key) {
        Optional<String> text = optional(key);
        if (text.isEmpty() && !has(key)) {
            problems.add(mapping.place() + ": " + name + " lacks the key '" + key + "'");
        }
        return text.orElse("");
    }

    /** The text of a key that may be missing. */
    Optional<String> optional(String key) {
        Entry entry = mapping.entries().get(key);
        if (entry == null) {
            return Optional.empty();
        }
        if (entry.value() instanceof Scalar scalar && !scalar.text().isBlank()) {
            return Optional.of(scalar.text().strip());
        }
        problems.add(entry.value().place() + ": '" + key + "' in " + name + " must be a single value");
        return Optional.empty();
    }

    /** A key's value read by a function that throws IllegalArgumentException; the default when it is missing or wrong. */
    <T> T value(String key, T otherwise, Function<String, T> reader) {
        Optional<String> text = optional(key);
        if (text.isEmpty()) {
            return otherwise;
        }
        @Nullable T read = null;
        try {
            read = reader.apply(text.get());
        } catch (IllegalArgumentException e) {
            problem(
                    key,
                    "'" + key + "' in " + name + ": "
                            + String.valueOf(e.getMessage()).replace("\nhint: ", "; "));
        }
        return read == null ? otherwise : read;
    }

    /** The items of a list; a problem when the key holds something else. */
    List<YamlNode> items(String key) {
        Entry entry = mapping.entries().get(key);
        if (entry == null) {
            return List.of();
        }
        if (entry.value() instanceof Sequence sequence) {
            return sequence.items();
        }
        problems.add(entry.value().place() + ": '" + key + "' in " + name + " must be a list");
        return List.of();
    }
}
