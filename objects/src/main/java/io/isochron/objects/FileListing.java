package io.isochron.objects;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The objects of a folder in the order of their names, lazily: only the folders between the root and the current object are held, each as the
 * sorted names in it. A folder sorts as its name with the slash that follows it.
 */
final class FileListing implements Iterator<ObjectInfo> {
    private final Path root;
    private final String prefix;
    private final String startAfter;
    private final Deque<Iterator<String>> open = new ArrayDeque<>();
    private final FolderVisit visit;
    private @Nullable ObjectInfo next;

    /** Told of every folder before it is read. */
    interface FolderVisit {
        void before(Path folder) throws IOException;
    }

    private FileListing(Path root, String prefix, String startAfter, FolderVisit visit) throws IOException {
        this.visit = visit;
        this.root = root;
        this.prefix = prefix;
        this.startAfter = startAfter;
        descend(prefix.substring(0, prefix.lastIndexOf('/') + 1));
    }

    static Stream<ObjectInfo> list(Path root, String prefix, String startAfter, FolderVisit visit) throws IOException {
        return StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(
                        new FileListing(root, prefix, startAfter, visit), Spliterator.ORDERED | Spliterator.NONNULL),
                false);
    }

    /** Opens a folder, given as the beginning of the names in it: empty or ending in a slash. */
    private void descend(String folder) throws IOException {
        List<String> names = new ArrayList<>();
        Path path = root.resolve(folder);
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            visit.before(path);
            for (Path entry : entries) {
                String name = String.valueOf(entry.getFileName());
                // anything that is not a name is not ours: .tmp, or what a file system keeps of its own
                // whether it is a folder costs a request, so what lies before the beginning either way is not asked
                boolean may = wanted(folder + name, false) || wanted(folder + name + "/", true);
                if (may && ObjectName.isSegment(name)) {
                    boolean directory = Files.isDirectory(entry);
                    String full = folder + name + (directory ? "/" : "");
                    if (wanted(full, directory)) {
                        names.add(full);
                    }
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            // no object has such a name, or retention removed an empty folder meanwhile
            return;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(names);
        open.push(names.iterator());
    }

    private boolean wanted(String full, boolean directory) {
        if (directory) {
            boolean mayMatch = full.startsWith(prefix) || prefix.startsWith(full);
            return mayMatch && (startAfter.startsWith(full) || full.compareTo(startAfter) > 0);
        }
        return full.startsWith(prefix) && full.compareTo(startAfter) > 0;
    }

    @Override
    public boolean hasNext() {
        try {
            while (next == null && !open.isEmpty()) {
                Iterator<String> names = open.peek();
                if (!names.hasNext()) {
                    open.pop();
                    continue;
                }
                String name = names.next();
                if (name.endsWith("/")) {
                    descend(name);
                } else {
                    next = info(name);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return next != null;
    }

    private @Nullable ObjectInfo info(String name) throws IOException {
        try {
            return new ObjectInfo(
                    new ObjectName(name),
                    Files.readAttributes(root.resolve(name), BasicFileAttributes.class)
                            .size());
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    @Override
    public ObjectInfo next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException();
        }
        ObjectInfo result = next;
        next = null;
        return result;
    }
}
