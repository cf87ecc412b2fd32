package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands set where the whole JVM logs to, so that this and {@link CliJourneyTest} do not run side by side. */
@ResourceLock(TestHost.LOGS)
class CliTest {
    @TempDir
    Path directory;

    private TestHost host;

    @BeforeEach
    void host() {
        host = new TestHost(directory);
    }

    @Test
    void theProgramsHelpNamesCommandsAndExitCodes() throws IOException {
        assertThat(host.run("--help")).isZero();
        Golden.check("help.txt", host.out());
        assertThat(host.run()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo",
                "init",
                "check",
                "sql-helper",
                "capture",
                "backup",
                "shard",
                "key",
                "info",
                "history",
                "find",
                "cut",
                "plan",
                "restore",
                "restored",
                "release",
                "verify",
                "audit",
                "copy",
                "scrub",
                "backfill"
            })
    void everyCommandHasHelpWithAnExample(String command) throws IOException {
        assertThat(host.run(command, "--help")).isZero();
        assertThat(host.out()).contains("Example:\n  isochron " + command);
        Golden.check("help-" + command + ".txt", host.out());
    }

    @Test
    void errorsHaveOneFormForPeopleAndOneForPrograms() throws IOException {
        StringBuilder all = new StringBuilder();
        Files.writeString(directory.resolve("bad.yaml"), "cluster: shop\nshard: []\n");
        String[][] runs = {
            {"info"},
            {"info", "--output", "json"},
            {"inf"},
            {"inf", "--output=json"},
            {"check", "--output", "xml"},
            {"restore", "--target", "latest"},
            {"info", "--config", "bad.yaml", "--output", "json"},
        };
        for (String[] args : runs) {
            int code = host.run(args);
            assertThat(code).isBetween(1, 125);
            all.append("$ isochron ").append(String.join(" ", args)).append("\n");
            all.append(host.all()).append("exit ").append(code).append("\n\n");
        }
        Golden.check("errors.txt", all.toString().replace(directory.toString(), "DIR"));
    }

    @Test
    void theExampleConfigurationIsValid() throws Exception {
        assertThat(host.run("init", "--example")).isZero();
        Path file = directory.resolve("isochron.yaml");
        Files.writeString(file, host.out());
        assertThat(ConfigReader.read(file).shardNames()).containsExactly("a", "b");
    }

    @Test
    void theConfigurationIsFoundByOptionVariableOrPlace() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("c.yaml"), Config.EXAMPLE);
        Map<String, String> environment = Map.of("ISOCHRON_CONFIG", "elsewhere/c.yaml");
        TestHost named = new TestHost(directory, environment);
        assertThat(named.run("verify")).as(named.all()).isEqualTo(ExitCode.REPOSITORY.number());
        assertThat(host.run("verify")).isEqualTo(ExitCode.CONFIG.number());
        assertThat(host.run("verify", "--config", "elsewhere/c.yaml")).isEqualTo(ExitCode.REPOSITORY.number());
    }

    @Test
    void aCertificateIsNeverWrittenOverAnotherFileNorWhereNoFolderIs() throws Exception {
        Files.writeString(directory.resolve("isochron.yaml"), Config.EXAMPLE);
        Path kept = Files.writeString(directory.resolve("kept.cut"), "precious");
        assertThat(host.run("cut", "--at", "latest", "--certificate", "kept.cut"))
                .isEqualTo(ExitCode.FAILED.number());
        assertThat(host.all()).contains("certificate kept.cut exists already").contains("hint: ");
        assertThat(kept).hasContent("precious");
        assertThat(host.run("cut", "--at", "latest", "--certificate", "no/where.cut"))
                .isEqualTo(ExitCode.FAILED.number());
        assertThat(host.all()).contains("there is no folder").contains("/no");
    }

    @Test
    void exitCodesAreDistinctAndBelow126() {
        assertThat(Arrays.stream(ExitCode.values()).map(ExitCode::number))
                .doesNotHaveDuplicates()
                .allMatch(number -> number >= 0 && number <= 125);
        assertThat(Arrays.stream(ExitCode.values()).map(ExitCode::label)).doesNotHaveDuplicates();
    }

    @Test
    void theManualNamesEveryExitCodeAndEveryCommand() throws IOException {
        String manual = Files.readString(Path.of("../docs/cli.md"));
        for (ExitCode code : ExitCode.values()) {
            assertThat(manual).contains("| " + code.number() + " | `" + code.label() + "` |");
        }
        host.run("--help");
        host.out()
                .lines()
                .filter(line -> line.matches("  [a-z]+ {2,}[A-Z].*"))
                .forEach(line -> assertThat(manual).contains("`" + line.strip().split(" ")[0] + "`"));
    }
}
