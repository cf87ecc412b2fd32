package io.isochron.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One run of a program from start to end, as bash's {@code time} sees it.
 *
 * @param seconds wall time
 * @param cpuSeconds user and system time of all its threads
 * @param output what it printed, both streams
 */
record TimedRun(double seconds, double cpuSeconds, String output) {
    private static final Pattern TIMES = Pattern.compile("(?m)^timed (\\d+\\.\\d+) (\\d+\\.\\d+) (\\d+\\.\\d+)$");

    /** @throws IOException if the program does not end with 0 */
    static TimedRun of(List<String> command) throws IOException, InterruptedException {
        List<String> timed =
                new ArrayList<>(List.of("bash", "-c", "TIMEFORMAT='timed %3R %3U %3S'; time \"$@\"", "bash"));
        timed.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(timed).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + " ended with " + process.exitValue() + ": " + output);
            }
            Matcher times = TIMES.matcher(output);
            if (!times.find()) {
                throw new IOException("bash gave no times for " + String.join(" ", command) + ": " + output);
            }
            return new TimedRun(
                    Double.parseDouble(times.group(1)),
                    Double.parseDouble(times.group(2)) + Double.parseDouble(times.group(3)),
                    output);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The middle one of some runs by a measure. */
    static double median(List<TimedRun> runs, ToDoubleFunction<TimedRun> measure) {
        List<TimedRun> sorted =
                runs.stream().sorted(Comparator.comparingDouble(measure)).toList();
        return measure.applyAsDouble(Objects.requireNonNull(sorted.get(sorted.size() / 2)));
    }
}
