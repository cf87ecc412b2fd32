package io.isochron.objects;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Several copies keep the contract of one store. */
class ReplicatedStoreContractTest {
    private static ReplicatedStore replicated(int confirmations, ObjectStore... copies) {
        Map<String, ObjectStore> byName = new LinkedHashMap<>();
        for (ObjectStore copy : copies) {
            byName.put("copy" + byName.size(), copy);
        }
        return new ReplicatedStore(
                byName,
                confirmations,
                null,
                _ -> true,
                ReplicatedStore.Role.WRITER,
                CopyListener.NONE,
                System::nanoTime);
    }

    abstract static class Closing extends ObjectStoreContract {
        private ReplicatedStore open;

        abstract ReplicatedStore make() throws IOException;

        @Override
        protected ObjectStore store() throws IOException {
            open = make();
            return open;
        }

        @AfterEach
        void close() throws IOException {
            if (open != null) {
                open.close();
            }
        }
    }

    @Nested
    class TwoInMemoryAndOneConfirms extends Closing {
        @Override
        ReplicatedStore make() {
            return replicated(1, new MemoryStore(), new MemoryStore());
        }
    }

    @Nested
    class ThreeInMemoryAndTwoConfirm extends Closing {
        @Override
        ReplicatedStore make() {
            return replicated(2, new MemoryStore(), new MemoryStore(), new MemoryStore());
        }
    }

    @Nested
    class TwoFoldersAndBothConfirm extends Closing {
        @TempDir
        Path directory;

        @Override
        ReplicatedStore make() throws IOException {
            return replicated(
                    2,
                    FileSystemStore.create(directory.resolve("one")),
                    FileSystemStore.create(directory.resolve("two")));
        }
    }
}
