package io.isochron.app;

import java.io.PrintStream;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Sends what libraries and rooms log to stderr: warnings, or everything of ours when asked to. */
final class Logs {
    // java.util.logging holds loggers weakly: without this reference the level set below would be lost.
    private static final Logger OURS = Logger.getLogger("io.isochron");

    private Logs() {}

    static void configure(PrintStream err, boolean verbose) {
        LogManager.getLogManager().reset();
        Logger root = Logger.getLogger("");
        root.setLevel(Level.WARNING);
        OURS.setLevel(verbose ? Level.FINE : Level.WARNING);
        root.addHandler(new Handler() {
            @Override
            public void publish(LogRecord record) {
                String message = record.getParameters() == null
                        ? record.getMessage()
                        : java.text.MessageFormat.format(record.getMessage(), record.getParameters());
                err.println(
                        record.getInstant() + " " + record.getLevel().getName().toLowerCase(java.util.Locale.ROOT) + " "
                                + record.getLoggerName() + ": " + message);
                if (verbose && record.getThrown() != null) {
                    record.getThrown().printStackTrace(err);
                }
            }

            @Override
            public void flush() {
                err.flush();
            }

            @Override
            public void close() {}
        });
    }
}
