package io.isochron.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.instance.ExitGuard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Leaves things behind on purpose: nobody else's may lie beside them. */
@Isolated
class FaultsTest {
    @TempDir
    Path temporary;

    /** Says hello, then ends with a status or sleeps. */
    static final class Child {
        public static void main(String[] arguments) throws Exception {
            System.out.println("hello " + arguments[0]);
            if (arguments[0].equals("sleep")) {
                Thread.sleep(600_000);
            }
            System.exit(7);
        }
    }

    @Test
    void aChildJvmTellsItsOutputAndStatus() throws Exception {
        ChildJvm child = ChildJvm.start(Child.class, temporary.resolve("out"), List.of("-Xmx32m"), List.of("quickly"));
        assertThat(child.await(Duration.ofSeconds(120))).isEqualTo(7);
        assertThat(child.output()).isEqualTo("hello quickly\n");
    }

    @Test
    void aChildJvmIsKilledInTheMiddle() throws Exception {
        try (ChildJvm child = ChildJvm.start(Child.class, temporary.resolve("out"), List.of(), List.of("sleep"))) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(120))
                    .until(() -> child.output().contains("hello"));
            child.kill();
            assertThat(child.await(Duration.ofSeconds(60))).isEqualTo(128 + 9);
        }
    }

    @Test
    void oneBitIsFlippedInAReadOnlyFileWhichStaysReadOnly() throws Exception {
        Path file = Files.write(temporary.resolve("file"), new byte[1000]);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r-----"));
        long offset = ByteFlipper.flipOneBit(file, new Random(1));
        byte[] bytes = Files.readAllBytes(file);
        assertThat(Integer.bitCount(bytes[(int) offset] & 0xFF)).isEqualTo(1);
        bytes[(int) offset] = 0;
        assertThat(bytes).containsOnly(0);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("r--r-----");
    }

    @Test
    void whatATestLeavesBehindIsClosedAndNamed() throws Exception {
        boolean[] closed = new boolean[1];
        ExitGuard.protect(new AutoCloseable() {
            @Override
            public void close() {
                closed[0] = true;
            }

            @Override
            public String toString() {
                return "a forgotten server";
            }
        });
        assertThat(LeftoverCheck.close()).containsExactly("a forgotten server");
        assertThat(closed[0]).isTrue();
        assertThat(LeftoverCheck.close()).isEmpty();
    }
}
