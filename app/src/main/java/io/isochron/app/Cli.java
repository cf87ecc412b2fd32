package io.isochron.app;

import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Puts the commands together, and turns whatever goes wrong in them into a message and an exit code. */
final class Cli {
    /** The program without a command. */
    @CommandLine.Command(
            name = "isochron",
            description = "Rewinds a PostgreSQL cluster of many shards to one moment.",
            sortOptions = false,
            synopsisSubcommandLabel = "COMMAND")
    static final class Root {
        @Option(
                names = {"-h", "--help"},
                usageHelp = true,
                description = "Show this help and exit.")
        boolean help;

        @Option(names = "--version", versionHelp = true, description = "Show the version and exit.")
        boolean version;
    }

    private final Host host;
    private final CommandLine commandLine;

    Cli(Host host, Cancellation cancellation) {
        this.host = host;
        this.commandLine = new CommandLine(new Root());
        commandLine.getCommandSpec().version("isochron " + version());
        for (Command command : commands(host, cancellation)) {
            commandLine.addSubcommand(
                    switch (command) {
                        case CutCommand cut -> new CommandLine(cut).addSubcommand(new CutVerifyCommand(host));
                        case KeyCommand key -> KeyCommand.commandLine(key, host);
                        case ShardCommand shard -> ShardCommand.commandLine(shard, host, cancellation);
                        default -> new CommandLine(command);
                    });
        }
        commandLine
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(100)
                .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
                .setOut(new java.io.PrintWriter(host.out(), true, StandardCharsets.UTF_8))
                .setErr(new java.io.PrintWriter(host.err(), true, StandardCharsets.UTF_8));
        commandLine.setParameterExceptionHandler((e, args) -> usage(e, args));
        commandLine.setExecutionExceptionHandler((e, command, _) -> {
            if (command.getCommand() instanceof Command ours) {
                return report(Failure.of(e), ours.output().json(), ours.common.verbose ? e : null);
            }
            return report(Failure.of(e), false, e);
        });
        addExitCodes(commandLine.getCommandSpec());
    }

    private static List<Command> commands(Host host, Cancellation cancellation) {
        return List.of(
                new DemoCommand(host),
                new InitCommand(host),
                new CheckCommand(host),
                new SqlHelperCommand(host),
                new CaptureCommand(host, cancellation),
                new WatchdogCommand(host, System.in),
                new BackupCommand(host, cancellation),
                new ShardCommand(host),
                new KeyCommand(host),
                new InfoCommand(host),
                new HistoryCommand(host),
                new FindCommand(host),
                new CutCommand(host),
                new PlanCommand(host),
                new RestoreCommand(host, cancellation),
                new RestoredCommand(host),
                new ReleaseCommand(host),
                new VerifyCommand(host),
                new ScrubCommand(host, cancellation),
                new AuditCommand(host),
                new CopyCommand(host, cancellation),
                new ExpireCommand(host, cancellation),
                new WhyCommand(host),
                new CompactCommand(host, cancellation),
                new BackfillCommand(host));
    }

    int run(String... args) {
        if (args.length == 0) {
            commandLine.usage(host.err());
            return ExitCode.USAGE.number();
        }
        return commandLine.execute(args);
    }

    private static void addExitCodes(CommandSpec spec) {
        StringBuilder text = new StringBuilder("%nExit codes:%n");
        for (ExitCode code : ExitCode.values()) {
            text.append(String.format(java.util.Locale.ROOT, "  %3d  %s%%n", code.number(), code.meaning()));
        }
        text.append(
                "%nEach command has --help with an example. Configuration: ./isochron.yaml, see `isochron init --example`.%n");
        spec.usageMessage().footer(text.toString());
    }

    private int usage(ParameterException e, String[] args) {
        String hint = "see `" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help`.";
        List<String> near = e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
        if (!near.isEmpty()) {
            hint = "did you mean " + String.join(" or ", near) + "? " + "S" + hint.substring(1);
        }
        String message = String.valueOf(e.getMessage()).replace("%", "%%");
        message = message.isEmpty() ? message : Character.toLowerCase(message.charAt(0)) + message.substring(1);
        return report(new Failure(ExitCode.USAGE, message.replace("%%", "%"), hint), wantsJson(args), null);
    }

    /** The command line could not be read, so this looks for the one option that says how to tell it. */
    private static boolean wantsJson(String[] args) {
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--output=json")
                    || (args[i].equals("--output") && i + 1 < args.length && args[i + 1].equals("json"))) {
                return true;
            }
        }
        return false;
    }

    private int report(Failure failure, boolean json, @org.jspecify.annotations.Nullable Throwable trace) {
        if (json) {
            host.out()
                    .println(Json.write(Json.object(
                            "error",
                            Json.object(
                                    "code", failure.code().number(),
                                    "name", failure.code().label(),
                                    "message", failure.message(),
                                    "hint", failure.hint()))));
        } else {
            host.err().println("error: " + failure.message());
            if (!failure.hint().isEmpty()) {
                host.err().println("hint: " + failure.hint());
            }
        }
        if (trace != null || (failure.code() == ExitCode.INTERNAL && !json)) {
            java.util.Objects.requireNonNullElse(trace, new Throwable()).printStackTrace(host.err());
        }
        return failure.code().number();
    }

    static String version() {
        String version = Cli.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
