package io.isochron.objects;

import java.nio.file.Path;

/** Where a store is. */
public sealed interface Place {
    /** For people, such as a folder or a bucket; never with a secret. */
    String describe();

    /**
     * A folder of a file system.
     *
     * @param path the folder
     */
    record Folder(Path path) implements Place {
        @Override
        public String describe() {
            return path.toString();
        }
    }

    /**
     * A bucket, or a part of one.
     *
     * @param settings where it is and how it is spoken to
     */
    record S3(S3Settings settings) implements Place {
        @Override
        public String describe() {
            return settings.describe();
        }
    }
}
