package io.isochron.capture;

import io.isochron.objects.Content;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ObjectStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Objects in memory, for one thread: hours of capture make many. */
final class MemoryObjects implements ObjectStore {
    private final TreeMap<String, byte[]> objects = new TreeMap<>();

    /** How many objects have names that begin so. */
    long count(String prefix) {
        return under(prefix).size();
    }

    private SortedMap<String, byte[]> under(String prefix) {
        return objects.subMap(prefix, prefix + Character.MAX_VALUE);
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        content.writeTo(out);
        if (objects.putIfAbsent(name.value(), out.toByteArray()) != null) {
            throw new ObjectExistsException(name, describe());
        }
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        byte[] bytes = objects.get(name.value());
        if (bytes == null) {
            throw new ObjectNotFoundException(name, describe());
        }
        int from = (int) Math.min(offset, bytes.length);
        return new ByteArrayInputStream(bytes, from, (int) Math.min(length, bytes.length - from));
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) {
        return Optional.ofNullable(objects.get(name.value())).map(bytes -> new ObjectInfo(name, bytes.length));
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) {
        return under(prefix).entrySet().stream()
                .filter(entry -> startAfter == null || entry.getKey().compareTo(startAfter.value()) > 0)
                .map(entry -> new ObjectInfo(new ObjectName(entry.getKey()), entry.getValue().length));
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        if (objects.remove(name.value()) == null) {
            throw new ObjectNotFoundException(name, describe());
        }
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        content.writeTo(out);
        objects.put(name.value(), out.toByteArray());
    }

    @Override
    public String describe() {
        return "memory";
    }
}
