package io.isochron.app;

import io.isochron.store.Membership;
import io.isochron.store.MembershipChange;
import io.isochron.store.Repository;
import io.isochron.store.ShardIdentity;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Shows which shards belong to the cluster, and when; its subcommands change that. */
@picocli.CommandLine.Command(
        name = "shard",
        description = "Shows which shards are members of the cluster and when; add and remove change that.",
        sortOptions = false,
        footer = {
            "",
            "A restore to a moment brings back the shards that were members then. A name and a number stand",
            "for one shard for ever; what is archived of a shard that was removed stays.",
            "",
            "Example:",
            "  isochron shard",
            "  isochron shard add c --apply      # c is in isochron.yaml, capture is running",
            "  isochron shard remove b --apply"
        })
final class ShardCommand extends Command {
    ShardCommand(Host host) {
        super(host);
    }

    /** This command with its subcommands. */
    static CommandLine commandLine(ShardCommand command, Host host, Cancellation cancellation) {
        return new CommandLine(command)
                .addSubcommand(new ShardListCommand(host))
                .addSubcommand(new ShardAddCommand(host, cancellation))
                .addSubcommand(new ShardRemoveCommand(host));
    }

    @Override
    ExitCode run() throws AppException, IOException {
        show(this);
        return ExitCode.OK;
    }

    static void show(Command command) throws AppException, IOException {
        Repository repository = command.repository();
        Membership membership = repository.membership();
        List<String> configured = command.config().shardNames();
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("SHARD", "NUMBER", "STATE", "MEMBER FROM", "MEMBER TO", "POSTGRESQL", "SYSTEM"));
        List<Object> shards = new ArrayList<>();
        List<String> notices = new ArrayList<>();
        int number = 0;
        for (ShardIdentity shard : membership.cluster().shards()) {
            number++;
            Map<String, @Nullable Object> member = member(membership, shard.name());
            table.add(List.of(
                    shard.name(),
                    Integer.toString(number),
                    String.valueOf(member.get("state")),
                    text(member.get("memberFrom"), "the beginning", membership, shard),
                    text(member.get("memberTo"), "-", membership, shard),
                    Integer.toString(shard.postgresMajor()),
                    shard.systemIdentifier()));
            Map<String, @Nullable Object> json = Json.object("name", shard.name(), "number", number);
            json.putAll(member);
            json.put("configured", configured.contains(shard.name()));
            json.put("postgres", shard.postgresMajor());
            json.put("systemIdentifier", shard.systemIdentifier());
            shards.add(json);
            if (membership.state(shard.name()).orElseThrow() == Membership.State.MEMBER
                    && !configured.contains(shard.name())) {
                notices.add("shard " + shard.name() + " is a member and missing from "
                        + command.config().file());
            }
        }
        for (String name : configured) {
            if (membership.state(name).isEmpty()) {
                notices.add("shard " + name + " of " + command.config().file()
                        + " is not a member; `isochron shard add " + name + "` makes it one");
            }
        }
        List<Object> changes = new ArrayList<>();
        for (MembershipChange change : membership.changes()) {
            changes.add(Json.object(
                    "version", change.version(),
                    "change", change.kind().name().toLowerCase(Locale.ROOT),
                    "shard", change.shard().name(),
                    "recorded", change.recorded(),
                    "effective", change.effective()));
        }
        List<String> text = new ArrayList<>();
        text.add("cluster " + membership.cluster().name() + ", membership version " + membership.version());
        text.addAll(Output.table(table));
        text.addAll(notices);
        command.output()
                .result(
                        Json.object(
                                "cluster", membership.cluster().name(),
                                "version", membership.version(),
                                "shards", shards,
                                "changes", changes,
                                "notices", notices),
                        text);
    }

    /** State and time of membership, as JSON has them; null stands for no limit, and for a shard that never was a member. */
    static Map<String, @Nullable Object> member(Membership membership, String shard) {
        Instant joined = membership.joined(shard);
        Instant left = membership.left(shard);
        return Json.object(
                "state",
                membership.state(shard).orElseThrow().name().toLowerCase(Locale.ROOT),
                "memberFrom",
                joined.equals(Instant.MIN) || joined.equals(Instant.MAX) ? null : joined,
                "memberTo",
                left.equals(Instant.MAX) ? null : left);
    }

    private static String text(@Nullable Object moment, String without, Membership membership, ShardIdentity shard) {
        if (moment != null) {
            return moment.toString();
        }
        return membership.joined(shard.name()).equals(Instant.MAX) ? "-" : without;
    }
}
