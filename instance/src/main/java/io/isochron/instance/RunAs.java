package io.isochron.instance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who runs server processes. PostgreSQL refuses to run as root, so root drops its privileges (util-linux {@code setpriv}) to the
 * user {@code postgres} or, where that does not exist, {@code nobody}; anybody else runs servers as himself.
 */
public final class RunAs {
    private static final String SETPRIV = "/usr/bin/setpriv";

    private final String user;
    private final @Nullable UserPrincipal owner;
    private final @Nullable GroupPrincipal group;

    private RunAs(String user, @Nullable UserPrincipal owner, @Nullable GroupPrincipal group) {
        this.user = user;
        this.owner = owner;
        this.group = group;
    }

    /**
     * The choice for this process.
     *
     * @throws IOException when root finds no user to drop its privileges to, or no {@code setpriv}
     */
    public static RunAs current() throws IOException {
        if (!isRoot()) {
            return new RunAs(System.getProperty("user.name", "unknown"), null, null);
        }
        if (!Files.isExecutable(Path.of(SETPRIV))) {
            throw new PostgresInstanceException("root cannot run PostgreSQL: " + SETPRIV + " is not there"
                    + "\nhint: install util-linux, or start Isochron as an ordinary user.");
        }
        return of("postgres", "postgres")
                .or(() -> of("nobody", "nogroup"))
                .or(() -> of("nobody", "nobody"))
                .orElseThrow(() -> new PostgresInstanceException(
                        "root cannot run PostgreSQL: there is neither a user 'postgres' nor 'nobody'"
                                + "\nhint: create a user 'postgres', or start Isochron as an ordinary user."));
    }

    private static Optional<RunAs> of(String user, String group) {
        UserPrincipalLookupService lookup = Path.of("/").getFileSystem().getUserPrincipalLookupService();
        try {
            return Optional.of(
                    new RunAs(user, lookup.lookupPrincipalByName(user), lookup.lookupPrincipalByGroupName(group)));
        } catch (UserPrincipalNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("user '" + user + "' cannot be looked up", e);
        }
    }

    private static boolean isRoot() throws IOException {
        return Objects.equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"), 0);
    }

    /** The name of the user that server processes run as. */
    public String user() {
        return user;
    }

    /** Whether privileges are dropped, that is: whether this process is root. */
    public boolean dropsPrivileges() {
        return owner != null;
    }

    /** The command as it must be started so that it runs as {@link #user()}; the process keeps the id of the started one. */
    public List<String> command(List<String> command) {
        if (owner == null || group == null) {
            return List.copyOf(command);
        }
        List<String> all = new ArrayList<>(
                List.of(SETPRIV, "--reuid=" + user, "--regid=" + group.getName(), "--clear-groups", "--"));
        all.addAll(command);
        return List.copyOf(all);
    }

    /** Gives a file, or a directory with all below it, to {@link #user()}; symbolic links are given away, not followed. */
    public void own(Path path) throws IOException {
        if (owner == null) {
            return;
        }
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                give(directory);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                give(file);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private void give(Path path) throws IOException {
        PosixFileAttributeView view =
                Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        if (owner != null && group != null) {
            view.setOwner(owner);
            view.setGroup(group);
        }
    }
}
