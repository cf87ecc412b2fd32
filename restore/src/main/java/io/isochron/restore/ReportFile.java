package io.isochron.restore;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** The report beside the restored cluster. */
final class ReportFile {

    private static final String FILE = "isochron-report.json";

    private ReportFile() {}

    static void write(Path target, RestoreReport report) throws IOException {
        Path next = target.resolve(FILE + ".new");
        Files.write(next, Json.write(report));
        Files.move(next, target.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    static Optional<RestoreReport> read(Path target) throws IOException {
        Path file = target.resolve(FILE);
        return Files.exists(file)
                ? Optional.of(Json.read(Files.readAllBytes(file), RestoreReport.class, "restore report " + file))
                : Optional.empty();
    }
}
