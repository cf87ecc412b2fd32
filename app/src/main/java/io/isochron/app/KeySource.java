package io.isochron.app;

import io.isochron.store.KeyFile;
import io.isochron.store.KeyWrapping;
import io.isochron.store.RepositoryKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where the configuration says that the repository's key is. */
sealed interface KeySource {
    /** Reads the key. */
    RepositoryKey load(Map<String, String> environment) throws AppException, IOException;

    /** What it is, for people: {@code key file PATH}. */
    String describe();

    /**
     * A file of mode 0600.
     *
     * @param wrapping what encrypts the keyset in it; null: nothing does
     */
    record InFile(Path path, @Nullable KeyWrapping wrapping) implements KeySource {
        KeyFile file() {
            return new KeyFile(path, wrapping);
        }

        boolean exists() {
            // a link to nowhere is something, too
            return !Files.notExists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS);
        }

        @Override
        public RepositoryKey load(Map<String, String> environment) throws IOException {
            return file().load();
        }

        @Override
        public String describe() {
            return "key file " + path;
        }
    }

    /** An environment variable with the keyset as Tink's JSON, or the Base64 of that. */
    record InVariable(String name) implements KeySource {
        @Override
        public RepositoryKey load(Map<String, String> environment) throws AppException, IOException {
            String text = environment.get(name);
            if (text == null || text.isBlank()) {
                throw new AppException(
                        ExitCode.REPOSITORY,
                        "variable " + name + ", which is to hold the key, is " + (text == null ? "not set" : "empty"),
                        "set it to the content of the key file that init made.");
            }
            return RepositoryKey.parse(text, "variable " + name);
        }

        @Override
        public String describe() {
            return "variable " + name;
        }
    }
}
