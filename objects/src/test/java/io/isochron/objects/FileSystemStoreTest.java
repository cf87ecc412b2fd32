package io.isochron.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemStoreTest extends ObjectStoreContract {
    @TempDir
    Path directory;

    @Override
    protected FileSystemStore store() throws IOException {
        return FileSystemStore.create(directory.resolve("store"));
    }

    private static void assertNoTemporaryFile(Path root) throws IOException {
        try (Stream<Path> files = Files.list(root.resolve(".tmp"))) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void publishedFilesCanOnlyBeReadAndNothingTemporaryStays() throws IOException {
        FileSystemStore store = store();
        store.create(name("a/b"), Content.of(new byte[5]));
        Path file = directory.resolve("store/a/b");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("r--r-----");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
                .isEqualTo("rwxr-x---");
        assertNoTemporaryFile(directory.resolve("store"));
    }

    @Test
    void whoReadsAnObjectAtTheMomentOfItsCreationGetsItOrIsToldThatItIsAbsent() throws Exception {
        FileSystemStore store = store();
        int objects = 1500;
        Thread creating = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < objects; i++) {
                try {
                    store.create(name("n/" + i), Content.of(new byte[] {1}));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
        });
        for (int i = 0; i < objects; ) {
            try {
                assertThat(store.readAll(name("n/" + i), 10)).hasSize(1);
                i++;
            } catch (ObjectNotFoundException e) {
                assertThat(creating.isAlive() || store.stat(name("n/" + i)).isPresent())
                        .isTrue();
            }
        }
        creating.join();
    }

    @Test
    void aLargeFolderIsListedInPartsAsIfItWereHeldWhole() throws IOException {
        FileSystemStore store = store();
        Random random = new Random(7);
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < 300; i++) {
            String first = "f" + Integer.toString(random.nextInt(60), 7) + (random.nextBoolean() ? "" : "-x");
            names.add(random.nextInt(4) > 0 ? first + ".o" : first + "/" + random.nextInt(9));
        }
        for (String name : names) {
            store.create(name(name), Content.of(new byte[1]));
        }
        Path root = directory.resolve("store");
        for (String prefix : List.of("", "f1", "f2/", "f")) {
            for (String after : List.of("", "f15.o", "f2", "f3/4", "zz")) {
                List<String> expected = names.stream()
                        .filter(name -> name.startsWith(prefix) && name.compareTo(after) > 0)
                        .toList();
                for (int held : new int[] {1, 2, 7, 1000}) {
                    try (Stream<ObjectInfo> listing = FileListing.list(root, prefix, after, folder -> {}, held)) {
                        assertThat(listing.map(info -> info.name().value()))
                                .as("%s after %s, %s held", prefix, after, held)
                                .isEqualTo(expected);
                    }
                }
            }
        }
    }

    @Test
    void aStoreThatWentAwayIsNotAnEmptyStore() throws IOException {
        FileSystemStore store = store();
        store.create(name("a/b"), Content.of(new byte[5]));
        Files.move(directory.resolve("store"), directory.resolve("elsewhere"));
        assertCannotTell(() -> store.stat(name("a/b")));
        assertCannotTell(() -> store.readAll(name("a/b"), 1));
        assertCannotTell(() -> store.list("", null).close());
        assertCannotTell(() -> store.delete(name("a/b")));
        // as with a mount point that is empty while its file system is not mounted
        Files.createDirectory(directory.resolve("store"));
        assertCannotTell(() -> store.stat(name("a/b")));
        assertCannotTell(() -> store.create(name("c"), Content.of(new byte[1])));
    }

    private static void assertCannotTell(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IOException.class).isNotInstanceOf(StoreException.class);
    }

    @Test
    void aFolderWithOtherThingsInItIsNotMadeAStore() throws IOException {
        Files.writeString(directory.resolve("important"), "x");
        assertThatThrownBy(() -> FileSystemStore.create(directory))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("hint:");
        assertThat(directory.resolve(".tmp")).doesNotExist();
    }

    @Test
    void whatDeadWritersLeftIsRemovedOnceItIsOld() throws IOException {
        store();
        Path old = directory.resolve("store/.tmp/old");
        Path young = directory.resolve("store/.tmp/young");
        Files.writeString(old, "x");
        Files.writeString(young, "x");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(3700)));
        FileSystemStore.open(directory.resolve("store"));
        assertThat(old).doesNotExist();
        assertThat(young).exists();
    }

    @Test
    void aFullDiskIsSaidWithPathAndFreeBytesAndLeavesNothing() throws IOException {
        FileSystemStore store = store();
        Content full = new Content() {
            @Override
            public long bytes() {
                return 10;
            }

            @Override
            public void writeTo(OutputStream out) throws IOException {
                out.write(1);
                throw new IOException("No space left on device");
            }
        };
        assertThatThrownBy(() -> store.create(name("a/b"), full))
                .isInstanceOf(StoreFullException.class)
                .hasMessageContaining(directory.resolve("store").toString())
                .hasMessageContaining("bytes free");
        assertThat(store.stat(name("a/b"))).isEmpty();
        assertNoTemporaryFile(directory.resolve("store"));
    }

    @Test
    void aFileSystemThatIsReallyFullIsSaidToBeFull() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("small"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", mount.toString()) == 0,
                "needs the right to mount");
        try {
            FileSystemStore store = FileSystemStore.create(mount.resolve("store"));
            store.create(name("first"), Content.of(random(1, 100_000)));
            assertThatThrownBy(() -> store.create(name("second"), Content.of(random(2, 300_000))))
                    .isInstanceOf(StoreFullException.class);
            assertNoTemporaryFile(mount.resolve("store"));
            assertThat(store.stat(name("second"))).isEmpty();
            store.create(name("third"), Content.of(random(3, 50_000)));
            assertThat(store.readAll(name("first"), 1 << 20)).isEqualTo(random(1, 100_000));
        } finally {
            assertThat(run("umount", mount.toString())).isZero();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
