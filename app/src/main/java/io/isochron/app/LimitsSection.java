package io.isochron.app;

import io.isochron.objects.Place;
import io.isochron.objects.RetryPolicy;
import io.isochron.objects.StoreLimits;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads {@code repository.limits}: how buckets are spoken to. */
final class LimitsSection {
    static final Set<String> KEYS = Set.of("limits");

    private static final StoreLimits USUAL = StoreLimits.DEFAULT;
    private static final int REQUESTS_MAX = 100_000;
    private static final Duration LONGEST = Duration.ofHours(1);

    private final List<String> problems;

    LimitsSection(List<String> problems) {
        this.problems = problems;
    }

    StoreLimits read(YamlSection repository, Placement placement) {
        Optional<YamlNode> node = repository.node("limits");
        if (node.isEmpty()) {
            return USUAL;
        }
        // a place that could not be read is told of elsewhere
        if (placement.copies().stream()
                .allMatch(copy ->
                        copy.place() instanceof Place.Folder && !copy.place().equals(PlaceSection.NOWHERE))) {
            repository.problem("limits", "'limits' is for buckets, and the repository is in none; take it out");
        }
        YamlSection limits = YamlSection.of(
                "limits",
                node.get(),
                Set.of(
                        "requests-at-once",
                        "requests-per-second",
                        "request-time",
                        "silence",
                        "retry-first",
                        "retry-longest",
                        "retry-for"),
                problems);
        int atOnce = limits.value("requests-at-once", USUAL.atOnce(), LimitsSection::requests);
        int perSecond = limits.value("requests-per-second", USUAL.perSecond(), LimitsSection::requests);
        Duration request = limits.value("request-time", USUAL.request(), LimitsSection::time);
        Duration silence = limits.value("silence", USUAL.silence(), LimitsSection::time);
        Duration first = limits.value("retry-first", USUAL.retry().first(), LimitsSection::time);
        Duration longest = limits.value("retry-longest", USUAL.retry().longest(), LimitsSection::time);
        Duration all = limits.value("retry-for", USUAL.retry().limit(), LimitsSection::time);
        try {
            return new StoreLimits(atOnce, perSecond, request, silence, new RetryPolicy(first, longest, all));
        } catch (IllegalArgumentException e) {
            problems.add(limits.place() + ": limits: "
                    + String.valueOf(e.getMessage()).replace("\nhint: ", "; "));
            return USUAL;
        }
    }

    private static int requests(String text) {
        int number = text.matches("\\d{1,6}") ? Integer.parseInt(text) : 0;
        if (number < 1 || number > REQUESTS_MAX) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a number of requests\nhint: give one from 1 to " + REQUESTS_MAX);
        }
        return number;
    }

    private static Duration time(String text) {
        Duration time = Units.duration(text);
        if (!time.isPositive() || time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not from 1ms to 1h\nhint: a store that takes longer is away");
        }
        return time;
    }
}
