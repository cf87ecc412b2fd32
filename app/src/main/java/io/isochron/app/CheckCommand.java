package io.isochron.app;

import io.isochron.capture.CaptureOptions;
import io.isochron.capture.CheckResult;
import io.isochron.capture.CheckService;
import io.isochron.capture.MemberWatch;
import io.isochron.capture.ShardSource;
import io.isochron.objects.NotARepositoryException;
import io.isochron.store.Repository;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Proves that every shard can be captured. */
@picocli.CommandLine.Command(
        name = "check",
        description = "Proves end to end that every shard can be captured.",
        sortOptions = false,
        footer = {
            "",
            "Looks at connection, rights, slot, settings, version, clock and identity, and writes a record",
            "that it then sees arrive. Ends with exit code 7 when a check failed; warnings do not count.",
            "",
            "Example:",
            "  isochron check --output json"
        })
final class CheckCommand extends Command {
    CheckCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() throws AppException, IOException, InterruptedException {
        @Nullable Repository repository;
        try {
            repository = repository();
        } catch (NotARepositoryException _) {
            // checking before `init` is useful too
            repository = null;
        }
        List<CheckResult> results = new ArrayList<>();
        List<String> strangers = new ArrayList<>();
        CaptureOptions options = config().capture().options();
        if (repository == null) {
            results.addAll(CheckService.check(sources(), null, options));
        } else {
            for (Placement.Copy copy : placement().copies()) {
                String subject = placement().inOnePlace() ? "(repository)" : "(copy " + copy.name() + ")";
                try {
                    results.add(KeyCheck.check(subject, config().key(), copy.place()));
                } catch (IOException e) {
                    results.add(new CheckResult(
                            subject,
                            "key",
                            CheckResult.Verdict.WARN,
                            copy.place().describe() + " cannot be looked at: " + e.getMessage(),
                            "bring the copy back, or leave it out with --without-copy " + copy.name()));
                }
            }
            requireMembers(repository);
            List<ShardSource> captured = new ArrayList<>();
            List<ShardSource> others = new ArrayList<>();
            for (ShardSource source : sources()) {
                if (repository.membership().state(source.name()).isEmpty()) {
                    others.add(source);
                    strangers.add(source.name());
                } else if (MemberWatch.wanted(repository, source.name())) {
                    captured.add(source);
                }
            }
            results.addAll(CheckService.check(captured, repository, options));
            // what only the repository can tell is left out
            results.addAll(CheckService.check(others, null, options));
        }
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("SHARD", "CHECK", "RESULT", "DETAIL"));
        List<String> hints = new ArrayList<>();
        List<Object> json = new ArrayList<>();
        boolean failed = false;
        for (CheckResult result : results) {
            String verdict = result.verdict().name().toLowerCase(Locale.ROOT);
            failed |= result.verdict() == CheckResult.Verdict.FAIL;
            table.add(List.of(result.shard(), result.name(), verdict, result.detail()));
            if (!result.hint().isEmpty()) {
                hints.add("hint: " + result.shard() + ", " + result.name() + ": " + result.hint());
            }
            json.add(Json.object(
                    "shard", result.shard(),
                    "check", result.name(),
                    "result", verdict,
                    "detail", result.detail(),
                    "hint", result.hint()));
        }
        List<String> text = new ArrayList<>(Output.table(table));
        text.addAll(hints);
        for (String stranger : strangers) {
            text.add("shard " + stranger + " is not a member; `isochron shard add " + stranger + "` makes it one");
        }
        if (repository == null) {
            text.add("There is no repository yet; `isochron init` makes one.");
        }
        text.add(failed ? "FAILED: at least one shard is not fit to be captured" : "ok: every shard can be captured");
        output().result(Json.object("ok", !failed, "repository", repository != null, "checks", json), text);
        return failed ? ExitCode.CHECK_FAILED : ExitCode.OK;
    }
}
