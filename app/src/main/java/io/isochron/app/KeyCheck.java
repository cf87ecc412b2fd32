package io.isochron.app;

import io.isochron.capture.CheckResult;
import io.isochron.capture.CheckResult.Verdict;
import io.isochron.objects.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether the key would survive the loss of the repository, and the other way round. */
final class KeyCheck {
    private static final String NAME = "key";

    private KeyCheck() {}

    /**
     * @param subject what the result is about, in place of a shard
     * @param source where the key is; it opened the repository already
     * @param repository where the repository is; a bucket is away from every key file
     */
    static CheckResult check(String subject, KeySource source, Place repository) throws IOException {
        if (!(source instanceof KeySource.InFile file)) {
            return new CheckResult(
                    subject, NAME, Verdict.OK, "the key in " + source.describe() + " opens the repository", "");
        }
        if (!(repository instanceof Place.Folder place)) {
            return new CheckResult(subject, NAME, Verdict.OK, source.describe() + " opens the repository", "");
        }
        Path key = file.path().toRealPath();
        Path folder = place.path().toRealPath();
        if (key.startsWith(folder)) {
            return new CheckResult(
                    subject,
                    NAME,
                    Verdict.WARN,
                    source.describe() + " lies in the repository " + place.path(),
                    "move it away: who copies the repository has the key, and who loses the repository loses it");
        }
        if (Files.getFileStore(key).equals(Files.getFileStore(folder))) {
            return new CheckResult(
                    subject,
                    NAME,
                    Verdict.WARN,
                    source.describe() + " is on the same file system as the repository",
                    "keep a copy on another medium: one disk can take both");
        }
        return new CheckResult(subject, NAME, Verdict.OK, source.describe() + " opens the repository", "");
    }
}
