package io.isochron.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The places at which the product can be made to end as by {@code kill -9}, by their names. */
public final class CrashPoints {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private CrashPoints() {}

    /**
     * All places of some rooms, from their sources: none is left out. A place whose name is put together while it runs is not among them.
     *
     * @param beginning a regular expression of what the names begin with, before the dot
     * @param rooms directories of the project
     */
    public static Set<String> named(String beginning, String... rooms) throws IOException {
        Pattern pattern = Pattern.compile("CrashPoint\\.reached\\(\"(" + beginning + "\\.[a-z-]+)\"");
        Set<String> points = new TreeSet<>();
        Path root = Path.of(System.getProperty("isochron.root", ".."));
        for (String room : rooms) {
            try (Stream<Path> files = Files.walk(root.resolve(room).resolve("src/main"))) {
                for (Path file :
                        files.filter(name -> name.toString().endsWith(".java")).toList()) {
                    Matcher matcher = pattern.matcher(Files.readString(file));
                    while (matcher.find()) {
                        points.add(matcher.group(1));
                    }
                }
            }
        }
        return points;
    }

    /** Starts a program that is to end at a place: {@code NAME}, or {@code NAME#N} for the N-th time that it is reached. */
    public static ChildJvm start(Class<?> main, Path output, String point, List<String> arguments) throws IOException {
        return ChildJvm.start(main, output, List.of("-Disochron.crash=" + point), arguments);
    }

    /**
     * Runs such a program to its end.
     *
     * @param status what it ends with at a place
     * @throws AssertionError if it ends otherwise, with its output
     */
    public static void run(Class<?> main, Path output, String point, int status, List<String> arguments)
            throws IOException, InterruptedException {
        try (ChildJvm child = start(main, output, point, arguments)) {
            int ended = child.await(PATIENCE);
            if (ended != status) {
                throw new AssertionError(
                        "ended with " + ended + " and not at " + point + "; its output:\n" + child.output());
            }
        }
    }
}
