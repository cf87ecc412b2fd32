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
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The objects of a folder in the order of their names, lazily: only the folders between the root and the current object are held, each as the next
 * {@value #NAMES_HELD} sorted names in it at most; a folder with more is read again for those that follow. A folder sorts as its name with the slash that follows it.
 */
final class FileListing implements Iterator<ObjectInfo> {
    private static final int NAMES_HELD = 64 << 10;

    private final Path root;
    private final String prefix;
    private final String startAfter;
    private final int namesHeld;
    private final Deque<Folder> open = new ArrayDeque<>();
    private final FolderVisit visit;
    private @Nullable ObjectInfo next;

    /** Told of every folder before it is read. */
    interface FolderVisit {
        void before(Path folder) throws IOException;
    }

    private FileListing(Path root, String prefix, String startAfter, FolderVisit visit, int namesHeld)
            throws IOException {
        this.visit = visit;
        this.root = root;
        this.prefix = prefix;
        this.startAfter = startAfter;
        this.namesHeld = namesHeld;
        descend(prefix.substring(0, prefix.lastIndexOf('/') + 1));
    }

    static Stream<ObjectInfo> list(Path root, String prefix, String startAfter, FolderVisit visit) throws IOException {
        return list(root, prefix, startAfter, visit, NAMES_HELD);
    }

    static Stream<ObjectInfo> list(Path root, String prefix, String startAfter, FolderVisit visit, int namesHeld)
            throws IOException {
        return StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(
                        new FileListing(root, prefix, startAfter, visit, namesHeld),
                        Spliterator.ORDERED | Spliterator.NONNULL),
                false);
    }

    /** Opens a folder, given as the beginning of the names in it: empty or ending in a slash. */
    private void descend(String folder) throws IOException {
        Folder opened = new Folder(folder);
        if (opened.read()) {
            open.push(opened);
        }
    }

    /** A folder and the next names in it. */
    private final class Folder {
        private final String folder;
        private Iterator<String> names = Collections.emptyIterator();
        private String last = "";
        private boolean more;

        Folder(String folder) {
            this.folder = folder;
        }

        /** The next name, as the whole name of an object or of a folder with a slash behind it; null if there is none. */
        @Nullable
        String next() throws IOException {
            if (!names.hasNext() && more) {
                read();
            }
            return names.hasNext() ? names.next() : null;
        }

        /** Reads the lowest names after the last one read; false if the folder is not there. */
        boolean read() throws IOException {
            TreeSet<String> lowest = new TreeSet<>();
            more = false;
            Path path = root.resolve(folder);
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
                visit.before(path);
                for (Path entry : entries) {
                    String name = String.valueOf(entry.getFileName());
                    String file = folder + name;
                    // anything that is not a name is not ours: .tmp, or what a file system keeps of its own
                    // whether it is a folder costs a request, so what lies outside either way is not asked
                    boolean may = wanted(file, false) || wanted(file + "/", true);
                    boolean passed = (file + "/").compareTo(last) <= 0;
                    boolean later = lowest.size() == namesHeld && file.compareTo(lowest.last()) > 0;
                    more |= may && later;
                    if (may && !passed && !later && ObjectName.isSegment(name)) {
                        boolean directory = Files.isDirectory(entry);
                        String full = directory ? file + "/" : file;
                        if (full.compareTo(last) > 0 && wanted(full, directory)) {
                            lowest.add(full);
                        }
                        if (lowest.size() > namesHeld) {
                            lowest.pollLast();
                            more = true;
                        }
                    }
                }
            } catch (NoSuchFileException | NotDirectoryException e) {
                // no object has such a name, or retention removed an empty folder meanwhile
                names = Collections.emptyIterator();
                return false;
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
            names = lowest.iterator();
            last = lowest.isEmpty() ? last : lowest.last();
            return true;
        }
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
                String name = open.element().next();
                if (name == null) {
                    open.pop();
                    continue;
                }
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
