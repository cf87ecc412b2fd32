package io.isochron.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserCacheTest {
    @TempDir
    Path temporary;

    @Test
    void anEntryIsMadeOnceHoweverManyAskForIt() throws Exception {
        Path cache = UserCache.trusted(temporary.resolve("cache"));
        AtomicInteger fills = new AtomicInteger();
        Callable<Path> ask = () -> UserCache.entry(cache, "entry", fresh -> {
            fills.incrementAndGet();
            Files.writeString(fresh.resolve("file"), "whole");
        });
        try (var executor = Executors.newFixedThreadPool(8)) {
            for (Future<Path> each : executor.invokeAll(List.of(ask, ask, ask, ask, ask, ask, ask, ask))) {
                assertThat(each.get().resolve("file")).hasContent("whole");
            }
        }
        assertThat(fills).hasValue(1);
    }

    @Test
    void whatAKilledProcessHadBegunIsRemovedAndAFailedEntryIsNotThere() throws Exception {
        Path cache = UserCache.trusted(temporary.resolve("cache"));
        Files.createDirectories(cache.resolve(".new-123/half"));
        assertThatThrownBy(() -> UserCache.entry(cache, "entry", fresh -> {
                    throw new IOException("disk full");
                }))
                .hasMessage("disk full");
        try (var children = Files.list(cache)) {
            assertThat(children.map(each -> each.getFileName().toString())).containsExactly(".lock");
        }
    }

    @Test
    void aDirectoryThatOthersCanWriteToOrThatIsALinkIsNotTrusted() throws Exception {
        Path open = Files.createDirectory(temporary.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> UserCache.trusted(open)).hasMessageContaining("others can write to it");
        Path link =
                Files.createSymbolicLink(temporary.resolve("link"), Files.createDirectory(temporary.resolve("real")));
        assertThatThrownBy(() -> UserCache.trusted(link)).hasMessageContaining("not a directory");
    }

    @Test
    void embeddedBinariesAreUnpackedAndTellTheirVersion() throws Exception {
        for (int major : new int[] {17, 18}) {
            PostgresInstallation installation = EmbeddedBinaries.installation(major);
            assertThat(installation.major()).isEqualTo(major);
            assertThat(installation.versionNum() / 10_000).isEqualTo(major);
            assertThat(installation.bin().resolveSibling("share/postgresql/extension/amcheck.control"))
                    .exists();
        }
        assertThatThrownBy(() -> EmbeddedBinaries.installation(9)).hasMessageContaining("hint: run 'mvn validate'");
    }
}
