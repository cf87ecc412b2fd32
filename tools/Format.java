import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Formats the Java sources of the tree, or checks that they are formatted. A program of its own because the formatter must run
 * on the JDK that compiles the sources, while Maven may itself run on an older one (docs/adr/0001-build-on-two-jdks.md).
 */
public final class Format {
    private Format() {}

    private enum Mode {
        CHECK,
        APPLY
    }

    public static void main(String[] args) throws Exception {
        Mode mode = Mode.valueOf(args[0].toUpperCase(java.util.Locale.ROOT));
        Path root = Path.of(args[1]);
        List<Path> sources;
        try (Stream<Path> tree = Files.walk(root)) {
            sources = tree.filter(p -> p.toString().endsWith(".java"))
                    .filter(p -> !root.relativize(p).toString().contains("target/"))
                    .sorted()
                    .toList();
        }
        Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .build());
        List<Path> wrong = sources.parallelStream()
                .map(source -> differs(formatter, source, mode))
                .filter(Objects::nonNull)
                .toList();
        wrong.forEach(
                p -> System.err.println((mode == Mode.APPLY ? "formatted " : "not formatted: ") + root.relativize(p)));
        if (mode == Mode.CHECK && !wrong.isEmpty()) {
            System.err.println("hint: run `mvn -q -N validate -Dformat` and commit the result");
            System.exit(1);
        }
    }

    private static Path differs(Formatter formatter, Path source, Mode mode) {
        try {
            String before = Files.readString(source);
            String after = formatter.formatSource(ImportOrderer.reorderImports(
                    RemoveUnusedImports.removeUnusedImports(before), JavaFormatterOptions.Style.PALANTIR));
            if (before.equals(after)) {
                return null;
            }
            if (mode == Mode.APPLY) {
                Files.writeString(source, after);
            }
            return source;
        } catch (Exception e) {
            throw new IllegalStateException("cannot format " + source + ": " + e.getMessage(), e);
        }
    }
}
