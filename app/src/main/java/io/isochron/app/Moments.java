package io.isochron.app;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads moments. A moment always has a zone or an offset; one without is refused, because a wrong guess restores a wrong hour. */
final class Moments {
    private static final Pattern SHAPE = Pattern.compile(
            "(\\d{4}-\\d\\d-\\d\\d)[T ](\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,9})?)?) *(?:(Z|[+-]\\d\\d(?::?\\d\\d)?)|\\[?([A-Za-z][A-Za-z0-9_+/-]*)\\]?)?");
    private static final DateTimeFormatter LOCAL = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendLiteral('T')
            .appendValue(ChronoField.HOUR_OF_DAY, 2)
            .appendLiteral(':')
            .appendValue(ChronoField.MINUTE_OF_HOUR, 2)
            .optionalStart()
            .appendLiteral(':')
            .appendValue(ChronoField.SECOND_OF_MINUTE, 2)
            .optionalStart()
            .appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, true)
            .toFormatter(java.util.Locale.ROOT);

    private Moments() {}

    /** The moment so many microseconds after the Unix epoch. */
    static Instant ofMicros(long micros) {
        return Instant.EPOCH.plus(micros, java.time.temporal.ChronoUnit.MICROS);
    }

    /**
     * Reads {@code 2026-11-22T14:03:07.123456Z}, {@code 2026-11-22 15:03:07+01:00} or {@code 2026-11-22 15:03:07 Europe/Berlin}.
     *
     * @param local the zone to explain a time without one with
     */
    static Instant parse(String text, ZoneId local) throws AppException {
        Matcher shape = SHAPE.matcher(text.strip());
        if (!shape.matches()) {
            throw new AppException(
                    ExitCode.USAGE,
                    "'" + text + "' is not a moment",
                    "write date, time and offset: 2026-11-22T14:03:07.123456Z or 2026-11-22T15:03:07+01:00.");
        }
        try {
            LocalDateTime time = LocalDateTime.parse(shape.group(1) + "T" + shape.group(2), LOCAL);
            String offset = shape.group(3);
            if (offset != null) {
                return time.toInstant(ZoneOffset.of(offset));
            }
            String zone = shape.group(4);
            if (zone != null) {
                return inZone(text, time, ZoneId.of(zone));
            }
            throw new AppException(
                    ExitCode.USAGE,
                    "'" + text + "' has no time zone",
                    "say which moment is meant: " + show(time.atOffset(ZoneOffset.UTC)) + " (as UTC) or "
                            + show(time.atZone(local).toOffsetDateTime()) + " (as " + local
                            + ", the zone of this machine).");
        } catch (DateTimeException e) {
            throw new AppException(
                    ExitCode.USAGE,
                    "'" + text + "' is not a moment: " + e.getMessage(),
                    "write date, time and offset: 2026-11-22T14:03:07.123456Z or 2026-11-22T15:03:07+01:00.");
        }
    }

    private static Instant inZone(String text, LocalDateTime time, ZoneId zone) throws AppException {
        List<ZoneOffset> offsets = zone.getRules().getValidOffsets(time);
        return switch (offsets.size()) {
            case 1 -> time.toInstant(offsets.getFirst());
            case 0 ->
                throw new AppException(
                        ExitCode.USAGE,
                        "'" + text + "' does not exist: clocks in " + zone + " were set forward over it",
                        "write the moment with an offset.");
            default ->
                throw new AppException(
                        ExitCode.USAGE,
                        "'" + text + "' happened twice: clocks in " + zone + " were set back over it",
                        "say which moment is meant: " + show(time.atOffset(offsets.get(0))) + " or "
                                + show(time.atOffset(offsets.get(1))) + ".");
        };
    }

    private static String show(OffsetDateTime time) {
        return DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(time);
    }
}
