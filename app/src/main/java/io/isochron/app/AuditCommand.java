package io.isochron.app;

import io.isochron.store.AuditEntry;
import io.isochron.store.AuditEntry.Anchor;
import io.isochron.store.AuditEntry.Event;
import io.isochron.store.AuditEntry.Head;
import io.isochron.store.Finding;
import io.isochron.store.Finding.Severity;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Shows who did what, and checks that nothing of it was taken away or changed. */
@picocli.CommandLine.Command(
        name = "audit",
        description = "Shows who did what with the repository, and checks that the log is whole.",
        sortOptions = false,
        footer = {
            "",
            "Every entry has the hash of the one before, so that one that was removed, changed or moved is",
            "found (exit code 5). That the newest ones were removed is only seen where something else knows",
            "them: a later snapshot, or you. Note what `head` says, elsewhere, and give it back later.",
            "",
            "Example:",
            "  isochron audit --since 7d --command restore",
            "  isochron audit --verify --expect 412:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        })
final class AuditCommand extends Command {
    private static final Pattern HEAD = Pattern.compile("(\\d{1,10}):([0-9a-f]{64})");

    @Option(
            names = "--since",
            paramLabel = "MOMENT",
            description = "Entries from then on: a moment with zone or offset, or how long ago (2h, 7d).")
    @Nullable
    String since;

    @Option(names = "--until", paramLabel = "MOMENT", description = "Entries up to then.")
    @Nullable
    String until;

    @Option(names = "--command", paramLabel = "NAME", description = "Entries of this command, such as 'key rotate'.")
    @Nullable
    String only;

    @Option(names = "--verify", description = "Show no entries, only whether the log is whole.")
    boolean verify;

    @Option(
            names = "--expect",
            paramLabel = "HEAD",
            description = "NUMBER:HASH as `head` said before: that entry must be there, unchanged.")
    List<String> expect = new ArrayList<>();

    AuditCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException {
        List<Anchor> expected = new ArrayList<>();
        for (String one : expect) {
            Matcher head = HEAD.matcher(one);
            if (!head.matches()) {
                throw new AppException(
                        ExitCode.USAGE,
                        "--expect is '" + one + "'",
                        "give number and hash as `head` says them: 412:9f86...");
            }
            expected.add(new Anchor(new Head(Long.parseLong(head.group(1)), head.group(2)), "--expect"));
        }
        Instant from = since == null ? Instant.MIN : Window.read(since, host);
        Instant to = until == null ? Instant.MAX : Window.read(until, host);
        Repository repository = repository();
        List<AuditEntry> shown = new ArrayList<>();
        List<Finding> findings = new ArrayList<>();
        Map<Long, AuditEntry> open = new TreeMap<>();
        long[] count = {0};
        Optional<Head> head = repository.readAudit(
                expected,
                entry -> {
                    count[0]++;
                    if (entry.event() == Event.BEGUN) {
                        open.put(entry.number(), entry);
                    } else if (entry.begun() != null) {
                        open.remove(entry.begun());
                    }
                    if (!verify
                            && !entry.at().isBefore(from)
                            && !entry.at().isAfter(to)
                            && (only == null || entry.command().equals(only))) {
                        shown.add(entry);
                    }
                },
                findings::add);
        boolean whole = findings.stream().allMatch(finding -> finding.severity() == Severity.NOTICE);
        List<String> text = new ArrayList<>();
        if (!verify) {
            text.addAll(table(shown));
        }
        findings.forEach(finding -> text.add(finding.toString()));
        for (AuditEntry entry : open.values()) {
            text.add("entry " + entry.number() + ": `" + entry.command() + "` of "
                    + entry.by().user() + "@" + entry.by().host() + " began on " + entry.at()
                    + " and has not ended: it runs, or was killed");
        }
        text.add("head  " + head.map(Head::toString).orElse("none"));
        text.add((whole ? "whole: " : "DAMAGED: ") + count[0] + " entries");
        output().result(
                        Json.object(
                                "whole",
                                whole,
                                "entries",
                                shown.stream().map(AuditCommand::json).toList(),
                                "count",
                                count[0],
                                "head",
                                head.map(Head::toString).orElse(null),
                                "open",
                                List.copyOf(open.keySet()),
                                "findings",
                                findings.stream()
                                        .map(finding -> Json.object(
                                                "severity",
                                                finding.severity().name().toLowerCase(Locale.ROOT),
                                                "object",
                                                finding.object(),
                                                "detail",
                                                finding.detail()))
                                        .toList()),
                        text);
        return whole ? ExitCode.OK : ExitCode.DAMAGED;
    }

    private static List<String> table(List<AuditEntry> entries) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("ENTRY", "HOST'S CLOCK", "WHO", "EVENT", "WHAT"));
        for (AuditEntry entry : entries) {
            String what = switch (entry.event()) {
                case CONFIGURATION -> entry.by().configuration() + ", " + entry.detail();
                case BEGUN -> "isochron " + String.join(" ", entry.arguments());
                case SUCCEEDED, FAILED ->
                    entry.command() + " of entry " + entry.begun() + ", exit code " + entry.exit()
                            + (entry.detail().isEmpty() ? "" : ": " + entry.detail());
            };
            rows.add(List.of(
                    Long.toString(entry.number()),
                    entry.at().toString(),
                    entry.by().user() + "@" + entry.by().host(),
                    entry.event().name().toLowerCase(Locale.ROOT),
                    what));
        }
        return Output.table(rows);
    }

    private static Map<String, @Nullable Object> json(AuditEntry entry) {
        return Json.object(
                "number", entry.number(),
                "at", entry.at(),
                "user", entry.by().user(),
                "host", entry.by().host(),
                "program", entry.by().program(),
                "configuration", entry.by().configuration(),
                "key", entry.key(),
                "command", entry.command(),
                "arguments", entry.arguments(),
                "event", entry.event().name().toLowerCase(Locale.ROOT),
                "begun", entry.begun(),
                "exit", entry.exit(),
                "detail", entry.detail());
    }
}
