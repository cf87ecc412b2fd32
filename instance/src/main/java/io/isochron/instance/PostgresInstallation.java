package io.isochron.instance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The programs of one PostgreSQL version on this machine.
 *
 * @param bin the directory that holds {@code postgres} and {@code initdb}
 * @param major the major version, such as 17
 * @param versionNum as {@code server_version_num}: 170011 is 17.11
 */
public record PostgresInstallation(Path bin, int major, int versionNum) {
    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+)(?:\\.(\\d+))?");

    /**
     * Reads the version of the programs in a directory.
     *
     * @throws IOException when there is no {@code postgres} in it or it does not tell a version
     */
    public static PostgresInstallation at(Path bin) throws IOException {
        Path postgres = bin.resolve("postgres");
        if (!Files.isExecutable(postgres)) {
            throw new PostgresInstanceException(
                    "no PostgreSQL server in '" + bin + "': '" + postgres + "' is not executable"
                            + "\nhint: name the directory that holds the programs 'postgres' and 'initdb'.");
        }
        String answer = Processes.run(List.of(postgres.toString(), "--version"));
        Matcher matcher = VERSION.matcher(answer);
        if (!matcher.find()) {
            throw new PostgresInstanceException(
                    "'" + postgres + "' does not tell its version: '" + answer.strip() + "'");
        }
        int major = Integer.parseInt(matcher.group(1));
        int minor = matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2));
        return new PostgresInstallation(bin, major, major * 10_000 + minor);
    }

    /**
     * Finds the programs of a major version: the configured directory alone if there is one, else the first of {@code PATH}, Debian's
     * and Red Hat's places, and the embedded binaries that came with the build.
     *
     * @throws IOException when the version is nowhere, naming the places that were looked at
     */
    public static PostgresInstallation find(int major, Optional<Path> configured) throws IOException {
        if (configured.isPresent()) {
            PostgresInstallation installation = at(configured.get());
            if (installation.major != major) {
                throw new PostgresInstanceException(
                        "PostgreSQL in '" + configured.get() + "' is version " + installation.major + ", needed is "
                                + major + "\nhint: a shard is restored by the major version that wrote it.");
            }
            return installation;
        }
        List<String> looked = new ArrayList<>();
        for (Path bin : places(major)) {
            looked.add(bin.toString());
            if (Files.isExecutable(bin.resolve("postgres")) && Files.isExecutable(bin.resolve("initdb"))) {
                PostgresInstallation installation = at(bin);
                if (installation.major == major) {
                    return installation;
                }
            }
        }
        if (EmbeddedBinaries.has(major)) {
            return EmbeddedBinaries.installation(major);
        }
        throw new PostgresInstanceException("PostgreSQL " + major + " is not on this machine; looked in "
                + String.join(", ", looked) + "\nhint: install the package postgresql-" + major
                + ", or name the directory of its programs in the configuration.");
    }

    private static List<Path> places(int major) {
        List<Path> places = new ArrayList<>();
        String path = System.getenv("PATH");
        if (path != null) {
            for (String entry : path.split(":")) {
                if (!entry.isEmpty()) {
                    places.add(Path.of(entry));
                }
            }
        }
        places.add(Path.of("/usr/lib/postgresql/" + major + "/bin"));
        places.add(Path.of("/usr/pgsql-" + major + "/bin"));
        return places;
    }

    Path program(String name) {
        return bin.resolve(name);
    }
}
