package io.isochron.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.FileSystemStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Key files that a real program wraps: a shell script that swaps letters, puts the context in front and checks it. */
class KeyProgramTest {
    private static final String WRAP = """
            #!/bin/bash
            printf '%s\\n' "$1"; tr 'A-Za-z' 'N-ZA-Mn-za-m'
            echo "$@" >> "$(dirname "$0")/arguments"
            env >> "$(dirname "$0")/environment"
            """;
    private static final String UNWRAP = """
            #!/bin/bash
            read -r context
            [ "$context" = "$1" ] || { echo "wrong context $1" >&2; exit 77; }
            tr 'A-Za-z' 'N-ZA-Mn-za-m'
            """;

    @TempDir
    Path directory;

    private Path path;

    @BeforeEach
    void paths() {
        path = directory.resolve("shop.key");
    }

    private String script(String name, String text) throws IOException {
        Path script = Files.writeString(directory.resolve(name), text);
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script.toString();
    }

    private KeyProgram program(String wrap, String unwrap) throws IOException {
        return program("kms", wrap, unwrap);
    }

    private KeyProgram program(String name, String wrap, String unwrap) throws IOException {
        return new KeyProgram(
                name,
                List.of(script("wrap", wrap), KeyProgram.CONTEXT),
                List.of(script("unwrap", unwrap), KeyProgram.CONTEXT),
                Duration.ofSeconds(20));
    }

    @Test
    void aWrappedKeyFileHoldsNoKeyAndOpensTheRepositoryByItsProgramAlsoAfterARotation() throws IOException {
        KeyFile file = new KeyFile(path, program(WRAP, UNWRAP));
        RepositoryKey key = file.create();
        String secret = key.serialize().replaceAll("(?s).*\"value\": *\"([^\"]{20}).*", "$1");
        assertThat(secret).hasSize(20);
        assertThat(Files.readString(path))
                .contains("\"format\":\"isochron-wrapped-key\"", "\"wrapping\":\"kms\"", key.primaryKeyId())
                .doesNotContain(secret);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(directory.resolve("arguments")))
                .isEqualTo("isochron-key." + key.primaryKeyId() + "\n");
        assertThat(Files.readString(directory.resolve("environment"))).doesNotContain(secret);

        FileSystemStore store = FileSystemStore.create(directory.resolve("repository"));
        Repository.init(store, key, RepositoryTest.CLUSTER, RepositoryTest.CREATED);
        KeyRotation.Done done =
                KeyRotation.run(file, Repository.open(store, file.load()), Instant.EPOCH, "somebody@here");
        assertThat(file.load().keyIds()).contains(key.primaryKeyId(), done.to());
        assertThat(Repository.open(store, file.load()).cluster()).isEqualTo(RepositoryTest.CLUSTER);
        assertThat(done.backup().orElseThrow()).content().contains("isochron-wrapped-key");
    }

    @Test
    void aWrappedKeyAndItsProgramBelongTogether() throws IOException {
        KeyProgram kms = program(WRAP, UNWRAP);
        new KeyFile(path, kms).create();
        assertThatThrownBy(() -> new KeyFile(path, null).load())
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("wrapped by 'kms'");
        assertThatThrownBy(() -> new KeyFile(path, program("vault", WRAP, UNWRAP)).load())
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("has 'vault'");
        Path plain = directory.resolve("plain.key");
        RepositoryKey.generate(plain);
        assertThatThrownBy(() -> new KeyFile(plain, kms).load())
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("is not wrapped");
    }

    @Test
    void aKeyThatWasPutIntoAnotherEnvelopeIsRefused() throws IOException {
        KeyFile file = new KeyFile(path, program(WRAP, UNWRAP));
        RepositoryKey key = file.create();
        Files.writeString(path, Files.readString(path).replace(key.primaryKeyId(), "00c0ffee"));
        assertThatThrownBy(file::load)
                .isInstanceOf(KeyWrappingRefusedException.class)
                .hasMessageContaining("wrong context isochron-key.00c0ffee");
        // also where the program does not look at the context
        KeyFile blind = new KeyFile(path, program(WRAP, "#!/bin/bash\nread -r _; tr 'A-Za-z' 'N-ZA-Mn-za-m'\n"));
        assertThatThrownBy(blind::load)
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("names keys 00c0ffee, and holds " + key.primaryKeyId());
    }

    @Test
    void aProgramThatCannotUnwrapWhatItWrapsMakesNoKeyFile() throws IOException {
        KeyFile file = new KeyFile(path, program("#!/bin/bash\ncat >/dev/null; echo nothing\n", "#!/bin/bash\ncat\n"));
        assertThatThrownBy(file::create).isInstanceOf(KeyFileException.class);
        assertThat(path).doesNotExist();
    }

    @Test
    void whatCannotBeToldIsNotARefusal() throws IOException {
        KeyFile file = new KeyFile(path, program(WRAP, UNWRAP));
        file.create();
        assertThatThrownBy(() ->
                        new KeyFile(path, program(WRAP, "#!/bin/bash\necho 'no route to host' >&2; exit 1\n")).load())
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(KeyWrappingRefusedException.class)
                .hasMessageContaining("exit code 1: no route to host");
        assertThatThrownBy(() -> new KeyFile(
                                path,
                                new KeyProgram(
                                        "kms",
                                        List.of("/nowhere/wrap"),
                                        List.of("/nowhere/unwrap"),
                                        Duration.ofSeconds(1)))
                        .load())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot be started");
        assertThatThrownBy(() -> new KeyFile(path, program(WRAP, "#!/bin/bash\nexit 0\n")).load())
                .hasMessageContaining("gave nothing");
    }

    @Test
    void aProgramThatHangsIsEndedWithItsChildren() throws IOException {
        new KeyFile(path, program(WRAP, UNWRAP)).create();
        KeyProgram hanging = new KeyProgram(
                "kms",
                List.of("unused"),
                List.of(script("hang", "#!/bin/bash\nsleep 987 & echo $! > \"$0.child\"; wait\n")),
                Duration.ofSeconds(2));
        assertThatThrownBy(() -> new KeyFile(path, hanging).load())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("did not end within 2000 ms");
        long child =
                Long.parseLong(Files.readString(directory.resolve("hang.child")).strip());
        org.awaitility.Awaitility.await()
                .until(() ->
                        ProcessHandle.of(child).map(handle -> !handle.isAlive()).orElse(true));
    }

    @Test
    void keyMaterialThatAProgramPrintsIsNotShown() throws IOException {
        byte[] keyset = RepositoryKey.random().serialize().getBytes(StandardCharsets.UTF_8);
        for (String echo : List.of("cat >&2", "base64 -w0 >&2")) {
            KeyProgram leaky = program("#!/bin/bash\n" + echo + "; exit 1\n", UNWRAP);
            assertThatThrownBy(() -> leaky.wrap(keyset, "c"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("not shown")
                    .hasMessageNotContaining("AesGcm");
        }
    }
}
