package io.isochron.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** What the maker of a frozen repository and its test have in common. */
final class Frozen {
    private Frozen() {}

    /** Packs a repository's folder. */
    static void pack(Path repository, Path archive) throws IOException {
        try (OutputStream file = Files.newOutputStream(archive);
                ZipOutputStream zip = new ZipOutputStream(file);
                Stream<Path> all = Files.walk(repository)) {
            // sealed bytes do not shrink, but there are many names
            zip.setLevel(Deflater.BEST_COMPRESSION);
            for (Path path : all.sorted().toList()) {
                String name = repository.relativize(path).toString();
                if (name.isEmpty()) {
                    continue;
                }
                ZipEntry entry = new ZipEntry(Files.isDirectory(path) ? name + "/" : name);
                entry.setLastModifiedTime(FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
                zip.putNextEntry(entry);
                if (Files.isRegularFile(path)) {
                    Files.copy(path, zip);
                }
                zip.closeEntry();
            }
        }
    }

    static void unpack(Path archive, Path repository) throws IOException {
        try (InputStream file = Files.newInputStream(archive);
                ZipInputStream zip = new ZipInputStream(file)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path path = repository.resolve(entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                } else {
                    Files.createDirectories(path.getParent());
                    Files.copy(zip, path);
                }
            }
        }
    }

    /** How many objects there are of each kind, by the first parts of their names. */
    static Map<String, Object> objects(Path repository) throws IOException {
        Map<String, Object> count = new TreeMap<>();
        for (String name : names(repository)) {
            count.merge(kind(name), 1, (before, one) -> (Integer) before + (Integer) one);
        }
        return count;
    }

    static List<String> names(Path repository) throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> all = Files.walk(repository)) {
            for (Path path : all.filter(Files::isRegularFile).sorted().toList()) {
                names.add(repository.relativize(path).toString());
            }
        }
        return names;
    }

    static String kind(String name) {
        String[] parts = name.split("/");
        return switch (parts[0]) {
            case "ledger" -> "ledger " + parts[2];
            case "wal" -> name.endsWith(".history") ? "history" : "wal";
            default -> parts[0];
        };
    }

    /** Number of rows and a checksum over all of them, for each table of a database that is not PostgreSQL's own. */
    static Map<String, Object> tables(Connection connection) throws SQLException {
        Map<String, Object> tables = new TreeMap<>();
        try (Statement statement = connection.createStatement()) {
            // rows are compared as text
            statement.execute("set timezone = 'UTC'");
            statement.execute("set datestyle = 'ISO'");
            List<String> names = new ArrayList<>();
            try (ResultSet result = statement.executeQuery(
                    "select schemaname || '.' || tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')")) {
                while (result.next()) {
                    names.add(result.getString(1));
                }
            }
            for (String name : names) {
                try (ResultSet result = statement.executeQuery(
                        "select count(*) || ' rows, ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from " + name
                                + " t")) {
                    result.next();
                    tables.put(name, result.getString(1));
                }
            }
        }
        return tables;
    }
}
