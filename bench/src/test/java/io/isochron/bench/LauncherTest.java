package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.instance.TempDirs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The launcher as a user meets it. */
class LauncherTest {
    private static final Path ROOT = Path.of(System.getProperty("isochron.root"));

    private Path directory;

    @BeforeEach
    void make() throws IOException {
        directory = Files.createTempDirectory("isochron-launcher-");
    }

    @AfterEach
    void remove() throws IOException {
        TempDirs.delete(directory);
    }

    private record Ran(int status, String output) {}

    private Ran run(Path program, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(program.toString());
        builder.command().addAll(List.of(arguments));
        Process process =
                builder.directory(directory.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ran(process.waitFor(), output);
    }

    @Test
    void aLinkInAnotherFolderStartsTheSameProgramWhichSaysItsVersion() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("isochron"), ROOT.resolve("isochron"));

        Ran ran = run(link, "--version");

        assertThat(ran.status()).as(ran.output()).isZero();
        assertThat(ran.output()).matches("(?s).*isochron \\d+\\.\\d+\\.\\d+\\S*\\s*");
    }

    @Test
    void aJdkThatIsTooOldInJavaHomeIsPassedOverForOneThatIsNot() throws Exception {
        Path java = Files.createDirectories(directory.resolve("old/bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\necho 'openjdk version \"17.0.1\"' >&2\n");
        java.toFile().setExecutable(true);
        ProcessBuilder builder = new ProcessBuilder(ROOT.resolve("isochron").toString(), "--version");
        builder.environment().put("JAVA_HOME", directory.resolve("old").toString());
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).contains("isochron ");
    }

    @Test
    void whatWasPreparedForAQuickStartIsUsedAndNoCommandFailsIfItIsDamaged() throws Exception {
        Path root = installation();
        Path cache;
        // a command that gains from it prepares it, whatever comes of the command itself
        Ran first = run(root.resolve("isochron"), "find", "--since", "1h");
        try (Stream<Path> files = Files.list(root.resolve("app/target"))) {
            cache = files.filter(file -> file.toString().endsWith(".aot"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(first.output()));
        }
        Ran second = run(root.resolve("isochron"), "find", "--since", "1h");
        damage(cache, 3, 5, 7);
        Ran rotten = run(root.resolve("isochron"), "find", "--since", "1h");
        damage(cache, 0);
        Ran damaged = run(root.resolve("isochron"), "find", "--since", "1h");
        Files.write(cache, new byte[0]);
        Ran empty = run(root.resolve("isochron"), "find", "--since", "1h");

        assertThat(second.output()).contains("isochron.yaml").contains("hint:");
        assertThat(first.output()).endsWith(second.output()).contains("preparing quick starts");
        assertThat(List.of(rotten, damaged, empty))
                .allSatisfy(ran -> assertThat(ran).usingRecursiveComparison().isEqualTo(second));
    }

    /** Overwrites a page at each of these tenths of a file's length. */
    private static void damage(Path file, int... tenths) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int tenth : tenths) {
                byte[] page = new byte[4096];
                Arrays.fill(page, (byte) 0x55);
                channel.write(ByteBuffer.wrap(page), channel.size() / 10 * tenth);
            }
        }
    }

    /** The built program in a place of its own, which may be written. */
    private Path installation() throws IOException {
        Path root = Files.createDirectories(directory.resolve("installed"));
        for (String file : List.of("isochron", "pom.xml", "tools/launch.sh", "app/pom.xml", "app/target/app.jar")) {
            Path copy = root.resolve(file);
            Files.createDirectories(Objects.requireNonNull(copy.getParent()));
            Files.copy(ROOT.resolve(file), copy, StandardCopyOption.COPY_ATTRIBUTES);
        }
        Files.createDirectories(root.resolve("app/src/main"));
        Path libraries = Files.createDirectories(root.resolve("app/target/lib"));
        try (Stream<Path> files = Files.list(ROOT.resolve("app/target/lib"))) {
            for (Path file : files.toList()) {
                Files.copy(
                        file,
                        libraries.resolve(String.valueOf(file.getFileName())),
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        Files.setLastModifiedTime(root.resolve("app/target/app.jar"), FileTime.from(Instant.now()));
        return root;
    }

    @Test
    void anUnknownCommandIsAnErrorOfUsageWithAHint() throws Exception {
        Ran ran = run(ROOT.resolve("isochron"), "rewnid");

        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.output()).contains("rewnid").contains("hint:");
    }
}
