package io.isochron.objects;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/** Objects in memory, which a test can damage. */
public final class MemoryStore implements ObjectStore {
    public final ConcurrentSkipListMap<ObjectName, byte[]> objects = new ConcurrentSkipListMap<>();

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        content.writeTo(out);
        if (objects.putIfAbsent(name, out.toByteArray()) != null) {
            throw new ObjectExistsException(name, describe());
        }
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        byte[] bytes = objects.get(name);
        if (bytes == null) {
            throw new ObjectNotFoundException(name, describe());
        }
        int from = (int) Math.min(offset, bytes.length);
        return new ByteArrayInputStream(bytes, from, (int) Math.min(length, bytes.length - from));
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) {
        return Optional.ofNullable(objects.get(name)).map(bytes -> new ObjectInfo(name, bytes.length));
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, ObjectName startAfter) {
        // names with a prefix follow each other, and the least name in a folder is no less than its "0"
        ConcurrentNavigableMap<ObjectName, byte[]> from = prefix.isEmpty()
                ? objects
                : objects.tailMap(new ObjectName(prefix.endsWith("/") ? prefix + "0" : prefix), true);
        if (startAfter != null && (from.isEmpty() || from.firstKey().compareTo(startAfter) <= 0)) {
            from = objects.tailMap(startAfter, false);
        }
        return from.entrySet().stream()
                .takeWhile(entry -> entry.getKey().value().startsWith(prefix))
                .map(entry -> new ObjectInfo(entry.getKey(), entry.getValue().length));
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        if (objects.remove(name) == null) {
            throw new ObjectNotFoundException(name, describe());
        }
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        content.writeTo(out);
        objects.put(name, out.toByteArray());
    }

    @Override
    public String describe() {
        return "memory";
    }
}
