package io.isochron.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The password file (documentation, chapter 32.16): lines {@code host:port:database:user:password}, the first match counts. */
final class PasswordFile {
    private static final Set<PosixFilePermission> FORBIDDEN = Set.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_EXECUTE);

    private PasswordFile() {}

    /**
     * The password for an endpoint.
     *
     * @throws IllegalArgumentException if others may read the file (libpq would warn and ignore it) or it cannot be read
     */
    static Optional<String> lookUp(Path file, Endpoint endpoint, String database, String user) {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        List<String> lines;
        try {
            if (Files.getPosixFilePermissions(file).stream().anyMatch(FORBIDDEN::contains)) {
                throw new IllegalArgumentException("password file \"" + file
                        + "\" has group or world access\nhint: Its permissions must be u=rw (0600) or less: chmod 0600 "
                        + file
                        + ".");
            }
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "password file \"" + file + "\" cannot be read: " + Backend.reason(e)
                            + "\nhint: It must be UTF-8 text that this user may read.",
                    e);
        }
        boolean defaultSocket = endpoint.isUnix()
                && (endpoint.host().equals("/tmp") || endpoint.host().equals("/var/run/postgresql"));
        String host = defaultSocket ? "localhost" : endpoint.host();
        List<String> wanted = List.of(host, String.valueOf(endpoint.port()), database, user);
        for (String line : lines) {
            if (line.startsWith("#")) {
                continue;
            }
            List<String> fields = split(line);
            if (fields.size() == 5 && matches(fields, wanted)) {
                return Optional.of(unescape(fields.get(4)));
            }
        }
        return Optional.empty();
    }

    private static boolean matches(List<String> fields, List<String> wanted) {
        for (int i = 0; i < 4; i++) {
            if (!fields.get(i).equals("*") && !unescape(fields.get(i)).equals(wanted.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Splits at colons that no backslash precedes; the fields stay escaped. The password is everything after the fourth. */
    private static List<String> split(String line) {
        List<String> fields = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < line.length() && fields.size() < 4; i++) {
            if (line.charAt(i) == '\\') {
                i++;
            } else if (line.charAt(i) == ':') {
                fields.add(line.substring(start, i));
                start = i + 1;
            }
        }
        fields.add(line.substring(start));
        return fields;
    }

    private static String unescape(String field) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < field.length(); i++) {
            if (field.charAt(i) == '\\' && i + 1 < field.length()) {
                i++;
            }
            text.append(field.charAt(i));
        }
        return text.toString();
    }
}
