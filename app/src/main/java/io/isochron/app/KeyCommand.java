package io.isochron.app;

import io.isochron.objects.NotARepositoryException;
import io.isochron.store.KeyChange;
import io.isochron.store.KeyHistory;
import io.isochron.store.RepositoryKey;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Shows the keys of the repository, never a secret; its subcommands change them. */
@picocli.CommandLine.Command(
        name = "key",
        description = "Shows which keys seal the repository; rotate makes a new one, wrap encrypts the key file.",
        sortOptions = false,
        footer = {
            "",
            "What was sealed by a former key is only opened by that one: it stays in the key file, and there",
            "is no command to retire it. Nothing secret is ever shown.",
            "",
            "Example:",
            "  isochron key",
            "  isochron key rotate --apply",
            "  isochron key wrap --from /etc/isochron/shop.key"
        })
final class KeyCommand extends Command {
    KeyCommand(Host host) {
        super(host);
    }

    /** This command with its subcommands. */
    static CommandLine commandLine(KeyCommand command, Host host) {
        return new CommandLine(command)
                .addSubcommand(new KeyShowCommand(host))
                .addSubcommand(new KeyRotateCommand(host))
                .addSubcommand(new KeyWrapCommand(host));
    }

    @Override
    ExitCode run() throws AppException, IOException {
        show(this);
        return ExitCode.OK;
    }

    static void show(Command command) throws AppException, IOException {
        KeySource source = command.config().key();
        RepositoryKey key = source.load(command.host.environment());
        @Nullable KeyHistory history;
        try {
            history = command.repository().keys();
        } catch (NotARepositoryException _) {
            // the key may be there before the repository is
            history = null;
        }
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("KEY", "SEALS", "SINCE", "BY"));
        List<Object> json = new ArrayList<>();
        List<String> notices = new ArrayList<>();
        Set<String> ids = new TreeSet<>(key.keyIds());
        if (history != null) {
            ids.add(history.first());
            history.changes().forEach(change -> ids.add(change.to()));
        }
        for (String id : ids) {
            Instant since = since(history, id);
            KeyChange change = history == null ? null : history.change(id).orElse(null);
            boolean seals = id.equals(key.primaryKeyId());
            boolean here = key.keyIds().contains(id);
            table.add(List.of(
                    id,
                    seals ? "yes" : "no",
                    since == null ? "-" : since.toString(),
                    change != null ? change.by() : since == null ? "-" : "init"));
            json.add(Json.object(
                    "id", id,
                    "seals", seals,
                    "since", since,
                    "by", change == null ? null : change.by(),
                    "here", here));
            if (!here) {
                notices.add("key " + id + " is missing from " + source.describe()
                        + ": what it sealed cannot be read here; copy the newest key file");
            } else if (history != null && !history.knows(id)) {
                notices.add(
                        "key " + id + " is in no record of the repository; `isochron key rotate --apply` takes it up");
            }
        }
        if (history != null && !key.primaryKeyId().equals(history.current()) && history.knows(key.primaryKeyId())) {
            notices.add("key " + history.current() + " is to seal, and " + key.primaryKeyId()
                    + " does; `isochron key rotate --apply` finishes the rotation where the key file was made");
        }
        List<String> text = new ArrayList<>();
        text.add(source.describe());
        text.addAll(Output.table(table));
        text.addAll(notices);
        if (history == null) {
            text.add("There is no repository yet; `isochron init` makes one.");
        }
        command.output()
                .result(
                        Json.object(
                                "source",
                                source.describe(),
                                "wrapped",
                                source instanceof KeySource.InFile file && file.wrapping() != null,
                                "repository",
                                history != null,
                                "keys",
                                json,
                                "notices",
                                notices),
                        text);
    }

    private static @Nullable Instant since(@Nullable KeyHistory history, String id) {
        if (history == null) {
            return null;
        }
        return id.equals(history.first())
                ? history.created()
                : history.change(id).map(KeyChange::recorded).orElse(null);
    }
}
