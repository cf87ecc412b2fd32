package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardServerTest {

    @TempDir
    Path directory;

    /** A restore that was killed right after it had started a server, of which there is no lock file yet. */
    @Test
    void aServerThatAKilledRestoreWasJustStartingIsWaitedFor() throws Exception {
        ShardPaths paths = new ShardPaths(directory, "shard1");
        Files.createDirectories(paths.data());
        Path ended = directory.resolve("ended");
        new ProcessBuilder(
                        "/bin/sh",
                        "-c",
                        "sleep 1; touch '" + ended + "'; :",
                        "postgres",
                        "-D",
                        paths.data().toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        ShardPlan plan = TargetDirectoryTest.plan("p1").shards().getFirst();

        new ShardServer(plan, paths, RestoreFixture.options(17), paths.root(), null).stopLeftover();

        assertThat(ended).exists();
    }
}
