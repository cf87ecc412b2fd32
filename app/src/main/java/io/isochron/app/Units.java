package io.isochron.app;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations and sizes as people write and read them. */
final class Units {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d|w)");

    private static final Pattern SIZE = Pattern.compile("(\\d{1,6})([KMGT])iB");

    private Units() {}

    /**
     * Reads {@code 500ms}, {@code 1s}, {@code 15m}, {@code 2h}, {@code 14d} or {@code 2w}.
     *
     * @throws IllegalArgumentException when it is none of these
     */
    static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text
                    + "' is not a duration\nhint: write a whole number and a unit: 500ms, 1s, 15m, 2h, 14d or 2w.");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case "d" -> Duration.ofDays(number);
            default -> Duration.ofDays(7 * number);
        };
    }

    /**
     * Reads {@code 512KiB}, {@code 20MiB}, {@code 10GiB} or {@code 2TiB}.
     *
     * @throws IllegalArgumentException when it is none of these
     */
    static long size(String text) {
        Matcher matcher = SIZE.matcher(text.strip());
        if (!matcher.matches() || Long.parseLong(matcher.group(1)) == 0) {
            throw new IllegalArgumentException("'" + text
                    + "' is not a size\nhint: write a whole number and a unit: 512KiB, 20MiB, 10GiB or 2TiB.");
        }
        return Long.parseLong(matcher.group(1)) << (10 * (1 + "KMGT".indexOf(matcher.group(2))));
    }

    /** A size with three significant digits: {@code 512 B}, {@code 1.50 MiB}. */
    static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        do {
            value /= 1024;
            unit++;
        } while (value >= 1024 && unit < 4);
        return String.format(
                Locale.ROOT,
                value < 10 ? "%.2f %s" : value < 100 ? "%.1f %s" : "%.0f %s",
                value,
                new String[] {"KiB", "MiB", "GiB", "TiB", "PiB"}[unit]);
    }

    /** A duration to read: {@code 850 ms}, {@code 12.3 s}, {@code 4 min 05 s}, {@code 3 h 12 min}. */
    static String millis(long millis) {
        if (millis < 1000) {
            return millis + " ms";
        }
        if (millis < 60_000) {
            return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
        }
        if (millis < 3_600_000) {
            return String.format(Locale.ROOT, "%d min %02d s", millis / 60_000, millis / 1000 % 60);
        }
        return String.format(Locale.ROOT, "%d h %02d min", millis / 3_600_000, millis / 60_000 % 60);
    }
}
