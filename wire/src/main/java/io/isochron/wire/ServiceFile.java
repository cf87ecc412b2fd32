package io.isochron.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Connection service files (documentation, chapter 32.17): named groups of keywords in INI form. */
final class ServiceFile {
    private ServiceFile() {}

    /**
     * The keywords of a service: from the user's file, else from the system's.
     *
     * @param userFile the file the user named; null for {@code ~/.pg_service.conf}
     * @throws IllegalArgumentException if no file defines the service, or its definition is wrong
     */
    static Map<String, String> read(String service, @Nullable String userFile, Map<String, String> environment) {
        List<Path> files = new ArrayList<>();
        if (userFile != null && !userFile.isEmpty()) {
            Path named = Path.of(userFile);
            if (!Files.exists(named)) {
                throw new IllegalArgumentException("service file \"" + named
                        + "\" not found\nhint: PGSERVICEFILE names it; create it or correct the name.");
            }
            files.add(named);
        } else {
            files.add(Home.of(environment).resolve(".pg_service.conf"));
        }
        String system = environment.get("PGSYSCONFDIR");
        files.add(Path.of(system == null || system.isEmpty() ? "/etc/postgresql-common" : system)
                .resolve("pg_service.conf"));
        for (Path file : files) {
            Map<String, String> values = read(service, file);
            if (values != null) {
                return values;
            }
        }
        throw new IllegalArgumentException("definition of service \"" + service + "\" not found\nhint: Looked in "
                + String.join(" and ", files.stream().map(Path::toString).toList()) + ".");
    }

    private static @Nullable Map<String, String> read(String service, Path file) {
        if (!Files.exists(file)) {
            return null;
        }
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "service file \"" + file + "\" cannot be read: " + Backend.reason(e)
                            + "\nhint: It must be readable UTF-8 text.",
                    e);
        }
        Map<String, String> values = null;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            if (line.startsWith("[")) {
                if (values != null) {
                    return values;
                }
                if (line.equals("[" + service + "]")) {
                    values = new LinkedHashMap<>();
                }
            } else if (values != null) {
                int equals = line.indexOf('=');
                String where = "line " + (i + 1) + " of service file \"" + file + "\"";
                if (equals < 1) {
                    throw new IllegalArgumentException("syntax error in " + where
                            + "\nhint: Each line is keyword=value; LDAP look-ups are not supported.");
                }
                String keyword = line.substring(0, equals).strip();
                String value = line.substring(equals + 1);
                if (keyword.equals("service") || keyword.equals("servicefile")) {
                    throw new IllegalArgumentException("nested '" + keyword + "' in " + where
                            + "\nhint: A service cannot refer to another service.");
                }
                Keywords.check(keyword, value, where);
                values.putIfAbsent(keyword, value);
            }
        }
        return values;
    }
}
