package io.isochron.app;

import io.isochron.capture.MembershipService;
import io.isochron.restore.ArchiveState;
import io.isochron.store.Membership.State;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Ends a shard's membership. */
@picocli.CommandLine.Command(
        name = "remove",
        description = "Ends a shard's membership of the cluster. A dry run unless --apply.",
        sortOptions = false,
        footer = {
            "",
            "Move its data away and send no more transactions to it before. Moments before the removal are",
            "restored with the shard, moments after it without, and its safe time holds nothing back any",
            "more. Keep it in isochron.yaml until capture says that it has ended with it: moments just",
            "before the removal need its last WAL. What is archived of it stays.",
            "",
            "Example:",
            "  isochron shard remove b",
            "  isochron shard remove b --apply"
        })
final class ShardRemoveCommand extends Command {
    @Parameters(arity = "1", paramLabel = "NAME", description = "The shard's name.")
    String name = "";

    @Option(names = "--apply", description = "Do it. Without it nothing is changed.")
    boolean apply;

    ShardRemoveCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException, InterruptedException {
        Repository repository = repositoryToContinue();
        State state = MembershipService.removable(repository.membership(), name);
        ArchiveState.Shard archived = ArchiveState.read(repository).shards().get(name);
        Optional<Instant> safe = archived == null ? Optional.empty() : archived.safeTime();
        int inDoubt = archived == null || archived.last() == null
                ? 0
                : archived.last().openPrepared().size();
        List<String> text = new ArrayList<>();
        text.add("shard " + name + " is archived up to "
                + safe.map(Instant::toString).orElse("nowhere yet"));
        if (inDoubt > 0) {
            text.add("warning: " + inDoubt
                    + " transactions are prepared on it and undecided; settle them first, or moments after the removal"
                    + " may be refused as long as their other parts are in doubt");
        }
        Optional<Instant> until = Optional.empty();
        if (apply) {
            begin(repository);
            until = new MembershipService(repository).remove(name);
            text.add(
                    until.isPresent()
                            ? "shard " + name + " is a member no longer since " + until.get()
                            : "shard " + name + " was announced only, and is withdrawn");
            text.add("the members are "
                    + String.join(", ", repository.membership().present().shards()));
            text.add("when capture has ended with it: remove it from isochron.yaml, and drop its replication slot"
                    + " on its server, which keeps WAL");
        } else {
            text.add("nothing was changed; with --apply it is "
                    + (state == State.MEMBER ? "a member until now" : "withdrawn"));
        }
        output().result(
                        Json.object(
                                "applied",
                                apply,
                                "shard",
                                name,
                                "safeTime",
                                safe.orElse(null),
                                "inDoubt",
                                inDoubt,
                                "memberTo",
                                until.orElse(null),
                                "members",
                                repository.membership().present().shards()),
                        text);
        return ExitCode.OK;
    }
}
