package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.instance.TempDirs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    void anUnknownCommandIsAnErrorOfUsageWithAHint() throws Exception {
        Ran ran = run(ROOT.resolve("isochron"), "rewnid");

        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.output()).contains("rewnid").contains("hint:");
    }
}
