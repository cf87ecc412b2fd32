package io.isochron.bench;

import io.isochron.objects.Content;
import io.isochron.objects.ForwardingStore;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A folder of objects that is filled without waiting for the disk: a benchmark's data may be lost. Reading goes through the real store in the same folder. */
final class UnsyncedStore extends ForwardingStore {
    private final Path root;
    private final Set<Path> folders = ConcurrentHashMap.newKeySet();

    /** @param real the store in this folder */
    UnsyncedStore(Path root, ObjectStore real) {
        super(real);
        this.root = root;
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
}
