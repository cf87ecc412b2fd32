package io.isochron.bench;

import io.isochron.objects.Content;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A folder of objects that is filled without waiting for the disk: a benchmark's data may be lost. Reading goes through the real store in the same folder. */
final class UnsyncedStore implements ObjectStore {
    private final Path root;
    private final ObjectStore real;
    private final Set<Path> folders = ConcurrentHashMap.newKeySet();

    /** @param real the store in this folder */
    UnsyncedStore(Path root, ObjectStore real) {
        this.root = root;
        this.real = real;
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        Path file = root.resolve(name.value());
        Path folder = file.getParent();
        if (folder != null && folders.add(folder)) {
            Files.createDirectories(folder);
        }
        try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
            content.writeTo(out);
        }
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        return real.open(name, offset, length);
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        return real.stat(name);
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        return real.list(prefix, startAfter);
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        real.delete(name);
    }

    @Override
    public String describe() {
        return real.describe();
    }
}
