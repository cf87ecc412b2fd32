package io.isochron.app;

import java.time.Duration;

/** Values of options that picocli does not read itself. */
final class Options {
    private Options() {}

    /** A duration given to an option, longer than nothing. */
    static Duration duration(String option, String text) throws AppException {
        try {
            Duration duration = Units.duration(text);
            if (duration.isZero()) {
                throw new AppException(
                        ExitCode.USAGE, option + " is '" + text + "'", "give a time longer than nothing.");
            }
            return duration;
        } catch (IllegalArgumentException e) {
            throw usage(option + ": ", e);
        }
    }

    /** An exception that a value's own reader threw, as an error of usage. */
    static AppException usage(String prefix, IllegalArgumentException e) {
        String[] parts = String.valueOf(e.getMessage()).split("\nhint: ", 2);
        return new AppException(
                ExitCode.USAGE, prefix + parts[0], parts.length > 1 ? parts[1] : "see --help of this command.");
    }
}
