package io.isochron.app;

import io.isochron.objects.NotARepositoryException;
import io.isochron.objects.ReplicatedStore.Role;
import io.isochron.store.KeyFile;
import io.isochron.store.KeyWrapping;
import io.isochron.store.RepositoryKey;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Makes a wrapped key file of a plain one. */
@picocli.CommandLine.Command(
        name = "wrap",
        description =
                "Makes a key file that a program wraps of one that nothing does. The repository is not rewritten.",
        sortOptions = false,
        footer = {
            "",
            "The configuration says what there shall be: key-file names a new file, key-wrapping the program.",
            "--from names the plain key file, which stays as it is. The new file is read and unwrapped again,",
            "and must hold the same keys, before anything is said about the plain one.",
            "",
            "Example:",
            "  isochron key wrap --from /etc/isochron/shop.key"
        })
final class KeyWrapCommand extends Command {
    @Option(names = "--from", paramLabel = "FILE", required = true, description = "The plain key file.")
    Path from = Path.of("");

    KeyWrapCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        @Nullable KeyWrapping wrapping = config().key() instanceof KeySource.InFile file ? file.wrapping() : null;
        if (!(config().key() instanceof KeySource.InFile wrapped) || wrapping == null) {
            throw new AppException(
                    ExitCode.REFUSED,
                    "the configuration names no program that is to wrap the key",
                    "give `repository` a new `key-file` and a `key-wrapping` with name, wrap and unwrap.");
        }
        Path plain = host.directory().resolve(from).normalize();
        if (wrapped.exists()) {
            throw new AppException(
                    ExitCode.REFUSED,
                    "key file " + wrapped.path() + ", which is to be made, exists already",
                    wrapped.path().equals(plain)
                            ? "let `key-file` name a new file: the plain one stays until you remove it."
                            : "let `key-file` name a file that is not there yet.");
        }
        RepositoryKey key = new KeyFile(plain, null).load();
        boolean repository = true;
        try {
            // also proof that it is this repository's key
            begin(repositoryIn(placement(), Role.WRITER, key));
        } catch (NotARepositoryException _) {
            // the key may be there before the repository is
            repository = false;
        }
        wrapped.file().keep(key);
        List<String> text = new ArrayList<>();
        text.add("key file " + wrapped.path() + " is wrapped by '"
                + wrapping.name() + "', was unwrapped again, and holds the same keys as " + plain + ": "
                + String.join(", ", key.keyIds()));
        text.add(
                repository
                        ? "the repository was opened with these keys; nothing in it was written again"
                        : "there is no repository yet, so that nothing was opened with them");
        List<Path> left = plain(plain);
        text.add("");
        text.add(
                "Whoever loses the wrapping key loses the repository, for good. These files open it without any program:");
        left.forEach(file -> text.add("  " + file));
        text.add(
                "Keep a copy where nothing else of this is, or none. Before you remove them here: copy the new file to every");
        text.add("host that uses the repository, change its configuration, and see that `isochron key` works there.");
        output().result(
                        Json.object(
                                "keyFile", wrapped.path(),
                                "wrapping", wrapping.name(),
                                "keys", List.copyOf(key.keyIds()),
                                "repository", repository,
                                "plain", left),
                        text);
        return ExitCode.OK;
    }

    /** The file, and those that rotations kept beside it. */
    private static List<Path> plain(Path file) throws IOException {
        List<Path> files = new ArrayList<>(List.of(file));
        Path real = file.toRealPath();
        Path folder = real.getParent();
        if (folder != null) {
            try (DirectoryStream<Path> beside =
                    Files.newDirectoryStream(folder, each -> each.toString().startsWith(real + ".before-"))) {
                beside.forEach(files::add);
            }
        }
        return files.stream().sorted().toList();
    }
}
