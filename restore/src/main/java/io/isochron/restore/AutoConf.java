package io.isochron.restore;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Keeps what the original's {@code postgresql.auto.conf} says as comments: PostgreSQL reads that file from the data directory whatever
 * {@code config_file} names, and what it sets (an archive command, a primary, a library) belongs to production.
 */
final class AutoConf {

    private static final String NOTE = """
            # isochron: settings of the original cluster, kept as comments; this copy must not act on them.
            # To use them again, remove the leading '#' after the cluster was released.
            """;

    /** PostgreSQL's own name for the file while it writes it anew; base backups leave it out and ALTER SYSTEM overwrites it. */
    private static final String PART = "postgresql.auto.conf.tmp";

    private AutoConf() {}

    /** Comments every setting of the file out; does nothing if that was done before or there is no such file. */
    static void annotate(Path dataDirectory) throws IOException {
        Path file = dataDirectory.resolve("postgresql.auto.conf");
        if (!Files.exists(file)) {
            return;
        }
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        if (!text.startsWith(NOTE)) {
            // by one rename: whoever is killed while writing must not leave half of it, which would pass for all of it
            Path next = dataDirectory.resolve(PART);
            Files.deleteIfExists(next);
            Files.createFile(next, PosixFilePermissions.asFileAttribute(Files.getPosixFilePermissions(file)));
            Files.writeString(next, annotated(text), StandardCharsets.ISO_8859_1);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    static String annotated(String text) {
        StringBuilder result = new StringBuilder(NOTE);
        text.lines()
                .forEach(line -> result.append(line.isBlank() || line.startsWith("#") ? "" : "#")
                        .append(line)
                        .append('\n'));
        return result.toString();
    }
}
