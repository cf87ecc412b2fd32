package io.isochron.app;

import io.isochron.capture.BackupOptions;
import io.isochron.capture.MembershipService;
import io.isochron.capture.ShardSource;
import io.isochron.store.Membership;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a shard of the configuration a member of the cluster. */
@picocli.CommandLine.Command(
        name = "add",
        description = "Makes a shard of isochron.yaml a member of the cluster. A dry run unless --apply.",
        sortOptions = false,
        footer = {
            "",
            "The shard is announced, the running capture begins with it by itself, its part of a snapshot is",
            "taken, and then it joins: from that moment on every moment that can be restored has it. Use it",
            "for data only when this command has ended: what was written to it before counts as its",
            "beginning, and transactions with other shards before are not one with them in a restore.",
            "If the command is interrupted the shard is no member; give it again to go on.",
            "",
            "Example:",
            "  isochron shard add c",
            "  isochron shard add c --apply"
        })
final class ShardAddCommand extends Command {
    private final Cancellation cancellation;

    @Parameters(arity = "1", paramLabel = "NAME", description = "The shard's name in isochron.yaml.")
    String name = "";

    @Option(names = "--apply", description = "Do it. Without it nothing is changed.")
    boolean apply;

    @Option(
            names = "--capture-timeout",
            paramLabel = "TIME",
            description = "How long capture may take to begin with the shard, or stand still. Default: 1m.")
    String captureTimeout = "1m";

    ShardAddCommand(Host host, Cancellation cancellation) {
        super(host);
        this.cancellation = cancellation;
    }

    @Override
    ExitCode run() throws AppException, IOException, InterruptedException {
        Duration patience = Options.duration("--capture-timeout", captureTimeout);
        Repository repository = repositoryToContinue();
        ShardSource source = source(name);
        MembershipService service = new MembershipService(repository);
        ShardIdentity identity = service.candidate(source);
        String who = "shard " + name + ": PostgreSQL " + identity.postgresMajor() + ", system "
                + identity.systemIdentifier();
        String members = String.join(", ", repository.membership().present().shards());
        boolean announced = repository.membership().state(name).isPresent();
        if (!apply) {
            output().result(
                            Json.object(
                                    "applied",
                                    false,
                                    "shard",
                                    name,
                                    "announced",
                                    announced,
                                    "systemIdentifier",
                                    identity.systemIdentifier(),
                                    "postgres",
                                    identity.postgresMajor(),
                                    "memberFrom",
                                    null),
                            List.of(
                                    who,
                                    "the members are " + members + (announced ? "; " + name + " is announced" : ""),
                                    "nothing was changed; with --apply " + name
                                            + " is captured, snapshotted and then a member"));
            return ExitCode.OK;
        }
        begin(repository);
        Instant from;
        try (Progress progress = progress()) {
            from = service.add(
                    source,
                    BackupOptions.defaults().withCaptureTimeout(patience).withLabel("shard " + name + " joins"),
                    patience,
                    now -> progress.show("shard " + name + " "
                            + now.phase().name().toLowerCase(Locale.ROOT).replace('_', ' ')));
        } catch (InterruptedException e) {
            if (cancellation.requested()) {
                throw new AppException(
                        ExitCode.CANCELLED,
                        "adding shard " + name + " was cancelled; it is "
                                + (repository.membership().state(name).orElse(null) == Membership.State.MEMBER
                                        ? "a member"
                                        : "not a member"),
                        "give the command again to go on.");
            }
            throw e;
        }
        output().result(
                        Json.object(
                                "applied",
                                true,
                                "shard",
                                name,
                                "announced",
                                true,
                                "systemIdentifier",
                                identity.systemIdentifier(),
                                "postgres",
                                identity.postgresMajor(),
                                "memberFrom",
                                from),
                        List.of(
                                who,
                                "shard " + name + " is a member since " + from,
                                "the members are "
                                        + String.join(
                                                ", ",
                                                repository
                                                        .membership()
                                                        .present()
                                                        .shards())));
        return ExitCode.OK;
    }
}
