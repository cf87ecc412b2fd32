package io.isochron.app;

import io.isochron.store.AuditEntry;
import io.isochron.store.AuditEntry.Actor;
import io.isochron.store.AuditEntry.Event;
import io.isochron.store.AuditLog;
import io.isochron.store.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the audit log gets to know of one command: that it begins, and how it ended. */
final class AuditTrail {
    private static final Pattern SECRET = Pattern.compile("(?i)((?:password|passwd|secret|token)\\s*=\\s*)\\S+");
    private static final Pattern URI_SECRET = Pattern.compile("(://[^/@:\\s]*:)[^@\\s]+@");
    private static final int LONGEST = 1000;

    private final Host host;
    private final AuditLog log;
    private final Actor by;
    private final String command;
    private final List<String> arguments;
    private final AuditEntry begun;

    private AuditTrail(Host host, AuditLog log, Actor by, String command, List<String> arguments, AuditEntry begun) {
        this.host = host;
        this.log = log;
        this.by = by;
        this.command = command;
        this.arguments = arguments;
        this.begun = begun;
    }

    /**
     * Writes that a command begins; and before that, that the configuration changed, if it did.
     *
     * @throws AppException if the repository takes no entry: the command must not begin then
     */
    static AuditTrail begin(Host host, Repository repository, Path configuration, String command, List<String> given)
            throws AppException {
        List<String> arguments = given.stream().map(AuditTrail::withoutSecrets).toList();
        try {
            AuditLog log = repository.audit();
            Actor by = new Actor(
                    System.getProperty("user.name", "unknown"),
                    host.name(),
                    Cli.version(),
                    sha256(Files.readAllBytes(configuration)));
            Optional<String> former = log.configuration(by.host());
            if (!former.equals(Optional.of(by.configuration()))) {
                log.append(
                        host.clock().instant(),
                        by,
                        command,
                        List.of(),
                        Event.CONFIGURATION,
                        null,
                        null,
                        former.map(was -> "it was " + was).orElse("not seen on this host before"));
            }
            AuditEntry begun = log.append(host.clock().instant(), by, command, arguments, Event.BEGUN, null, null, "");
            return new AuditTrail(host, log, by, command, arguments, begun);
        } catch (IOException e) {
            Failure failure = Failure.of(e);
            throw new AppException(
                    failure.code(),
                    "the audit log of " + repository.describe() + " takes no entry, so `" + command
                            + "` was not begun: " + failure.message(),
                    failure.hint().isEmpty()
                            ? "make the repository writable and run the command again."
                            : failure.hint());
        }
    }

    /** Writes how it ended. Its work is done or not by then, so a failure to write is only told. */
    void end(ExitCode code, String detail) {
        try {
            log.append(
                    host.clock().instant(),
                    by,
                    command,
                    arguments,
                    code == ExitCode.OK ? Event.SUCCEEDED : Event.FAILED,
                    begun.number(),
                    code.number(),
                    withoutSecrets(detail));
        } catch (IOException e) {
            host.err()
                    .println("warning: the audit log did not take the entry that `" + command + "` ended: "
                            + Failure.of(e).message());
        }
    }

    static String withoutSecrets(String text) {
        String clean =
                URI_SECRET.matcher(SECRET.matcher(text).replaceAll("$1***")).replaceAll("$1***@");
        return clean.length() > LONGEST ? clean.substring(0, LONGEST) + "…" : clean;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
