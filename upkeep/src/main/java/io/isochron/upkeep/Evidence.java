package io.isochron.upkeep;

import io.isochron.store.AuditEntry;
import io.isochron.store.AuditEntry.Event;
import io.isochron.store.Repository;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the audit log says about when a repository was last proven good: by the clocks of the hosts that wrote it.
 *
 * @param wholeRead when a verification that read everything last ended and found nothing; null if none is recorded
 * @param damageFound when a verification last found damage, if none that read everything has found all whole since; else null
 * @param restore when a restore last ended with all its proofs held; null if none is recorded
 * @param restored what that one was told to restore to, as its arguments say; empty if they do not
 */
public record Evidence(
        @Nullable Instant wholeRead,
        @Nullable Instant damageFound,
        @Nullable Instant restore,
        String restored) {
    /** How a verification ends that found something (docs/cli.md). */
    private static final int DAMAGED = 5;

    /** Reads the whole log. What is wrong with it is not told here. */
    public static Evidence of(Repository repository) throws IOException {
        Map<Long, AuditEntry> ended = new TreeMap<>();
        repository.readAudit(List.of(), entry -> keep(ended, entry), finding -> {});
        Instant wholeRead = null;
        Instant damageFound = null;
        Instant restore = null;
        String restored = "";
        for (AuditEntry entry : ended.values()) {
            if (entry.event() == Event.FAILED) {
                damageFound = entry.at();
            } else if (entry.command().equals("verify") && everything(entry.arguments())) {
                wholeRead = entry.at();
                damageFound = null;
            } else if (entry.command().equals("restore")) {
                restore = entry.at();
                restored = target(entry.arguments());
            }
        }
        return new Evidence(wholeRead, damageFound, restore, restored);
    }

    private static void keep(Map<Long, AuditEntry> ended, AuditEntry entry) {
        boolean verified = entry.command().equals("verify");
        boolean damaged =
                entry.event() == Event.FAILED && Integer.valueOf(DAMAGED).equals(entry.exit());
        boolean restored = entry.command().equals("restore") && entry.event() == Event.SUCCEEDED;
        if ((verified && (damaged || entry.event() == Event.SUCCEEDED)) || restored) {
            ended.put(entry.number(), entry);
        }
    }

    private static boolean everything(List<String> arguments) {
        return arguments.stream()
                .noneMatch(argument -> argument.startsWith("--only")
                        || argument.startsWith("--sample")
                        || argument.startsWith("--without-copy"));
    }

    private static String target(List<String> arguments) {
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            for (String option : List.of("--target", "--plan")) {
                if (argument.equals(option) && i + 1 < arguments.size()) {
                    return arguments.get(i + 1);
                }
                if (argument.startsWith(option + "=")) {
                    return argument.substring(option.length() + 1);
                }
            }
        }
        return "";
    }
}
