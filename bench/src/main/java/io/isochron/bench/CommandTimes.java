package io.isochron.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One command of Isochron, run several times in a JVM of its own: by the launcher, if this program was started by one, else with the launcher's memory.
 *
 * @param seconds each run's time from start to end, sorted
 * @param cpuSeconds each run's time of all its processors, as last seen before its end, sorted
 * @param residentMibMax the greatest resident memory of any run, as the kernel counted it
 * @param output the last run's standard output
 */
record CommandTimes(List<Double> seconds, List<Double> cpuSeconds, long residentMibMax, String output) {
    private static final long LOOK_MILLIS = 10;

    /** @throws IOException if it ends with another code than 0 */
    static CommandTimes of(Path directory, int runs, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(program());
        command.addAll(List.of(arguments));
        List<Double> seconds = new ArrayList<>();
        List<Double> cpuSeconds = new ArrayList<>();
        long resident = 0;
        Path output = directory.resolve("output");
        for (int run = 0; run < runs; run++) {
            long began = System.nanoTime();
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            double cpu = 0;
            while (!process.waitFor(LOOK_MILLIS, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                resident = Math.max(resident, residentKib(process.pid()));
                cpu = Math.max(cpu, cpuSeconds(process));
            }
            cpuSeconds.add(cpu);
            seconds.add((System.nanoTime() - began) / 1e9);
            if (process.exitValue() != 0) {
                throw new IOException("isochron " + String.join(" ", arguments) + " ended with " + process.exitValue());
            }
        }
        Collections.sort(seconds);
        Collections.sort(cpuSeconds);
        return new CommandTimes(
                List.copyOf(seconds), List.copyOf(cpuSeconds), resident / 1024, Files.readString(output));
    }

    private static List<String> program() {
        String home = System.getProperty("isochron.home");
        if (home != null) {
            return List.of(Path.of(home, "isochron").toString());
        }
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx192m",
                "-cp",
                System.getProperty("java.class.path"),
                "io.isochron.app.Main");
    }

    double medianSeconds() {
        return seconds.get(seconds.size() / 2);
    }

    /** Tells what a command costs on a machine that has other things to do, too. */
    double medianCpuSeconds() {
        return cpuSeconds.get(cpuSeconds.size() / 2);
    }

    private static double cpuSeconds(Process process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1000.0;
    }

    double maxSeconds() {
        return seconds.getLast();
    }

    private static long residentKib(long pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
        } catch (IOException | NumberFormatException e) {
            // it has just ended: the look before counts
            return 0;
        }
        return 0;
    }
}
