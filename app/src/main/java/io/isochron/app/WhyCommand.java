package io.isochron.app;

import io.isochron.objects.ObjectName;
import io.isochron.store.LeaseHolder;
import io.isochron.store.Repository;
import io.isochron.upkeep.Expiry;
import io.isochron.upkeep.Why;
import java.io.IOException;
import picocli.CommandLine.Parameters;

/** Explains why an object is kept. */
@picocli.CommandLine.Command(
        name = "why",
        description = "Says why an object of the repository is kept, or that the next expiry removes it.",
        sortOptions = false,
        footer = {
            "",
            "Names of objects are what `isochron verify` and the store's own listing show. Nothing is changed.",
            "",
            "Example:",
            "  isochron why snapshot/5f0c2a9be1d84c70a3f6b2d94e8c1a07"
        })
final class WhyCommand extends Command {
    @Parameters(paramLabel = "OBJECT", description = "Name of an object.")
    String object = "";

    WhyCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        ObjectName name;
        try {
            name = new ObjectName(object);
        } catch (IllegalArgumentException e) {
            throw new AppException(
                    ExitCode.USAGE,
                    "'" + object + "' is not the name of an object",
                    "names are like wal/s0001/00000001/000000003/0000000030000000-0000000030001000.");
        }
        Repository repository = repository();
        Expiry expiry = new Expiry(repository, dialect(), LeaseHolder.self(host.name(), Cli.version()), host.clock());
        Why.Answer answer =
                new Why(repository, expiry.plan(config().objectives().retention(), true)).of(name);
        output().result(
                        Json.object("object", object, "kept", answer.kept(), "reasons", answer.reasons()),
                        answer.reasons());
        return ExitCode.OK;
    }
}
