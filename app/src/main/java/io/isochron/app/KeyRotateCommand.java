package io.isochron.app;

import io.isochron.store.KeyRotation;
import io.isochron.store.Repository;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Makes a new key that seals from then on. */
@picocli.CommandLine.Command(
        name = "rotate",
        description = "Makes a new key that seals from now on. A dry run unless --apply.",
        sortOptions = false,
        footer = {
            "",
            "The former keys stay in the key file and open what they sealed; nothing is written again. The",
            "file as it was is kept beside it. Afterwards copy the key file to your safe place and to every",
            "host that uses the repository, then restart capture there: until then it seals with the former",
            "key, which does no harm. A host without the new key says so where it needs it.",
            "A rotation that was interrupted is finished by the same command.",
            "",
            "Example:",
            "  isochron key rotate",
            "  isochron key rotate --apply"
        })
final class KeyRotateCommand extends Command {
    @Option(names = "--apply", description = "Do it. Without it nothing is changed.")
    boolean apply;

    KeyRotateCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        if (!(config().key() instanceof KeySource.InFile source)) {
            throw new AppException(
                    ExitCode.REFUSED,
                    "the key is in " + config().key().describe() + ", which a program cannot change",
                    "put it into a file of mode 0600, rotate with `key-file`, and set the variable to the file's content.");
        }
        Repository repository = repositoryToContinue();
        List<String> text = new ArrayList<>();
        if (!apply) {
            KeyRotation.Plan plan = KeyRotation.plan(repository);
            text.add(
                    switch (plan.step()) {
                        case NEW -> "a new key would be made, and seal after " + plan.from();
                        case RECORD ->
                            "key " + plan.to().orElseThrow() + " is in the key file already, and would seal after "
                                    + plan.from();
                        case USE ->
                            "key " + plan.to().orElseThrow() + " is recorded already, and would seal after "
                                    + plan.from();
                    });
            text.add("nothing was changed; with --apply " + source.path() + " is replaced and the former one kept");
            output().result(result(false, plan.step(), plan.from(), plan.to().orElse(null), null), text);
            return ExitCode.OK;
        }
        begin(repository);
        KeyRotation.Done done =
                KeyRotation.run(source.file(), repository, host.clock().instant(), host.user());
        text.add("key " + done.to() + " seals from now on, after " + done.from());
        done.backup().ifPresent(backup -> text.add("the former key file is kept as " + backup));
        text.add("");
        text.add("Whoever loses the key loses the repository, for good: copy " + source.path()
                + " again to where you keep it,");
        text.add("and to every host that uses the repository; then restart capture there.");
        output().result(
                        result(
                                true,
                                done.step(),
                                done.from(),
                                done.to(),
                                done.backup().map(Object::toString).orElse(null)),
                        text);
        return ExitCode.OK;
    }

    private static Map<String, @Nullable Object> result(
            boolean applied, KeyRotation.Step step, String from, @Nullable String to, @Nullable String backup) {
        return Json.object(
                "applied", applied, "resumed", step != KeyRotation.Step.NEW, "from", from, "to", to, "backup", backup);
    }
}
