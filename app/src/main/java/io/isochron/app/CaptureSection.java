package io.isochron.app;

import io.isochron.capture.AbandonedBranch;
import io.isochron.capture.CaptureOptions;
import io.isochron.capture.WalSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Reads the section {@code capture} of the configuration. */
final class CaptureSection {
    private static final CaptureOptions.Synchronous DEFAULT = CaptureOptions.Synchronous.defaults(Path.of("spool"));

    private final List<String> problems;
    private final Function<String, Path> paths;

    /** @param paths reads a path relative to the configuration's folder */
    CaptureSection(List<String> problems, Function<String, Path> paths) {
        this.problems = problems;
        this.paths = paths;
    }

    Config.Capture read(YamlSection top) {
        Optional<YamlNode> node = top.node("capture");
        if (node.isEmpty()) {
            return new Config.Capture(null, AbandonedBranch.AUTO, WalSource.PRIMARY);
        }
        YamlSection section = YamlSection.of(
                "capture",
                node.get(),
                Set.of("mode", "spool", "fence-interval", "fence-limit", "patience", "abandoned-branch", "wal-from"),
                problems);
        AbandonedBranch branch = section.value("abandoned-branch", AbandonedBranch.AUTO, CaptureSection::branch);
        WalSource source = section.value("wal-from", WalSource.PRIMARY, CaptureSection::source);
        boolean synchronous = section.value("mode", false, CaptureSection::synchronous);
        Path spool = paths.apply(section.optional("spool").orElse("spool"));
        Duration interval = section.value("fence-interval", DEFAULT.fenceInterval(), Units::duration);
        Duration limit = section.value("fence-limit", DEFAULT.fenceLimit(), Units::duration);
        Duration patience = section.value("patience", DEFAULT.patience(), Units::duration);
        if (synchronous && source == WalSource.STANDBY) {
            problems.add(
                    section.place()
                            + ".wal-from: 'standby' does not go with mode 'synchronous', in which commits wait for capture at the primary; leave out one of the two");
            return new Config.Capture(null, branch, source);
        }
        try {
            CaptureOptions.Synchronous options = new CaptureOptions.Synchronous(spool, interval, limit, patience);
            return new Config.Capture(synchronous ? options : null, branch, source);
        } catch (IllegalArgumentException e) {
            problems.add(section.place() + ": " + e.getMessage());
            return new Config.Capture(null, branch, source);
        }
    }

    private static boolean synchronous(String text) {
        return switch (text) {
            case "synchronous" -> true;
            case "asynchronous" -> false;
            default ->
                throw new IllegalArgumentException(
                        "'" + text + "' is not a mode; known are asynchronous and synchronous");
        };
    }

    private static WalSource source(String text) {
        return switch (text) {
            case "primary" -> WalSource.PRIMARY;
            case "standby" -> WalSource.STANDBY;
            default -> throw new IllegalArgumentException("'" + text + "' is no source; known are primary and standby");
        };
    }

    private static AbandonedBranch branch(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "auto" -> AbandonedBranch.AUTO;
            case "follow" -> AbandonedBranch.FOLLOW;
            case "refuse" -> AbandonedBranch.REFUSE;
            default ->
                throw new IllegalArgumentException("'" + text + "' is no choice; known are auto, follow and refuse");
        };
    }
}
