package io.isochron.app;

import io.isochron.objects.StoreMetrics;
import io.isochron.objects.StoreMetrics.Figures;
import io.isochron.objects.StoreMetrics.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a command asked of the repository's stores, for people and for programs.
 *
 * @param stores by what each is called
 */
record StoreFigures(Map<String, StoreMetrics> stores) {
    /** A line for each store that did not answer everything at once, for each if all are wanted. */
    List<String> text(boolean all) {
        List<String> lines = new ArrayList<>();
        new TreeMap<>(stores).forEach((name, metrics) -> {
            long failures = metrics.sum(Figures::failures);
            if (all || failures > 0) {
                long requests = metrics.sum(Figures::requests);
                long slowDowns = metrics.sum(Figures::slowDowns);
                lines.add("store " + name + ": " + requests + " requests, "
                        + (failures == 0
                                ? ""
                                : failures + " failed"
                                        + (slowDowns == 0
                                                ? ""
                                                : ", " + slowDowns + " of them because it was asked too much")
                                        + ", " + metrics.repetitions() + " sent again, ")
                        + Units.bytes(sent(metrics)) + " sent, " + Units.bytes(received(metrics)) + " received, "
                        + Units.millis(mean(metrics) / 1000) + " each, "
                        + Units.millis(metrics.longest().toMillis())
                        + " at most");
            }
        });
        return lines;
    }

    List<Object> json() {
        List<Object> json = new ArrayList<>();
        new TreeMap<>(stores).forEach((name, metrics) -> {
            Map<String, @Nullable Object> operations = Json.object();
            new TreeMap<>(metrics.operations()).forEach((operation, figures) -> {
                if (figures.requests() > 0) {
                    operations.put(operation.name().toLowerCase(Locale.ROOT), json(figures));
                }
            });
            json.add(Json.object(
                    "store", name,
                    "requests", metrics.sum(Figures::requests),
                    "failures", metrics.sum(Figures::failures),
                    "slowDowns", metrics.sum(Figures::slowDowns),
                    "repetitions", metrics.repetitions(),
                    "bytesSent", sent(metrics),
                    "bytesReceived", received(metrics),
                    "microsMean", mean(metrics),
                    "millisLongest", metrics.longest().toMillis(),
                    "operations", operations));
        });
        return json;
    }

    private static Object json(Figures figures) {
        return Json.object(
                "requests", figures.requests(),
                "failures", figures.failures(),
                "slowDowns", figures.slowDowns(),
                "bytes", figures.bytes(),
                "microsMean", figures.total().toNanos() / 1000 / figures.requests(),
                "millisLongest", figures.longest().toMillis());
    }

    private static long sent(StoreMetrics metrics) {
        return metrics.sum(Figures::bytes, Operation.CREATE, Operation.REPLACE);
    }

    private static long received(StoreMetrics metrics) {
        return metrics.sum(Figures::bytes, Operation.OPEN);
    }

    /** Microseconds. */
    private static long mean(StoreMetrics metrics) {
        long requests = metrics.sum(Figures::requests);
        return requests == 0 ? 0 : metrics.sum(figures -> figures.total().toNanos()) / 1000 / requests;
    }
}
