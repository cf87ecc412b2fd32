package io.isochron.objects;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.stream.Stream;

/** A store that asks before everything it does whether that shall fail. */
public record FaultyStore(ObjectStore store, Fault fault) implements ObjectStore {
    /** Throws to make an operation fail; the operation is the name of a method of {@link ObjectStore}. */
    public interface Fault {
        void before(String operation, String name) throws IOException;
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        fault.before("create", name.value());
        store.create(name, content);
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        fault.before("open", name.value());
        return store.open(name, offset, length);
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        fault.before("stat", name.value());
        return store.stat(name);
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, ObjectName startAfter) throws IOException {
        fault.before("list", prefix);
        return store.list(prefix, startAfter);
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        fault.before("delete", name.value());
        store.delete(name);
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        fault.before("replace", name.value());
        store.replace(name, content);
    }

    @Override
    public String describe() {
        return store.describe();
    }
}
