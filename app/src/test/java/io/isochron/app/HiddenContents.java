package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks at every byte of a repository, names included, as somebody without the key would. */
final class HiddenContents {
    private static final Pattern MOMENT = Pattern.compile("20\\d\\d-[01]\\d-[0-3]\\d");
    /** Docs/repository-format.md, "What is not hidden": when the repository was made. */
    private static final Pattern CREATED = Pattern.compile("\"created\":\"[^\"]*\"");

    private HiddenContents() {}

    /** @param words what must not be found; at least six characters each, or random bytes could hold one */
    static void check(Path repository, List<String> words) throws IOException {
        assertThat(words).allMatch(word -> word.length() >= 6);
        int objects = 0;
        try (Stream<Path> files = Files.walk(repository)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                objects++;
                String name = repository.relativize(file).toString();
                String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
                if (name.equals("isochron-repository")) {
                    Matcher created = CREATED.matcher(bytes);
                    assertThat(created.find()).isTrue();
                    bytes = created.replaceFirst("");
                }
                for (String view : List.of(name, bytes)) {
                    String lower = view.toLowerCase(Locale.ROOT);
                    for (String word : words) {
                        assertThat(lower.contains(word.toLowerCase(Locale.ROOT)))
                                .as("'%s' can be read in %s", word, name)
                                .isFalse();
                    }
                    assertThat(MOMENT.matcher(view).find())
                            .as("a moment can be read in %s", name)
                            .isFalse();
                }
            }
        }
        assertThat(objects).as("objects looked at").isGreaterThan(20);
    }
}
