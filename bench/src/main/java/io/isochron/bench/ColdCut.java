package io.isochron.bench;

import io.isochron.chronicle.Target;
import io.isochron.objects.FileSystemStore;
import io.isochron.restore.CutFinder;
import io.isochron.restore.PlanOptions;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Finds one cut in a Java virtual machine that has done nothing before: what a command that is started for it takes, but for the start of the machine itself. */
final class ColdCut {
    private ColdCut() {}

    /** The program in the fresh machine: folder of the repository, key file, moment; prints seconds. */
    public static void main(String[] args) throws Exception {
        long began = System.nanoTime();
        Repository repository =
                Repository.open(FileSystemStore.open(Path.of(args[0])), RepositoryKey.load(Path.of(args[1])));
        new CutFinder(repository).find(new Target.Time(Instant.parse(args[2])), PlanOptions.defaults());
        System.out.println((System.nanoTime() - began) / 1e9);
    }

    /** Seconds that a fresh machine, with the options of this one, takes for the cut of a moment. */
    static double measure(Path repository, Path key, Instant moment) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (option.startsWith("-X") || option.startsWith("--") || option.startsWith("-Djdk.")) {
                command.add(option);
            }
        }
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                ColdCut.class.getName(),
                repository.toString(),
                key.toString(),
                moment.toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException("a cut in a fresh Java virtual machine failed with status " + status);
        }
        return Double.parseDouble(said);
    }
}
