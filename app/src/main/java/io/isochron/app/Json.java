package io.isochron.app;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** JSON for programs: built by hand, field by field, because it is a contract and must not follow our records' shape. */
final class Json {
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final JsonMapper LINES = JsonMapper.builder().build();

    private Json() {}

    /** An object from alternating names and values, in that order. Moments and durations become text and milliseconds. */
    static Map<String, @Nullable Object> object(@Nullable Object... namesAndValues) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            object.put(String.valueOf(namesAndValues[i]), plain(namesAndValues[i + 1]));
        }
        return object;
    }

    private static @Nullable Object plain(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case String text -> text;
            case Number number -> number;
            case Boolean flag -> flag;
            case Map<?, ?> map -> map;
            case Collection<?> many -> list(many);
            case Instant moment -> moment.toString();
            case Duration duration -> duration.toMillis();
            default -> value.toString();
        };
    }

    private static List<@Nullable Object> list(Collection<?> many) {
        List<@Nullable Object> plain = new java.util.ArrayList<>();
        for (Object one : many) {
            plain.add(plain(one));
        }
        return plain;
    }

    /** The text of a value made by {@link #object}, indented. */
    static String write(Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /** The same on one line. */
    static String line(Object value) {
        return LINES.writeValueAsString(value);
    }

    /** The value of a JSON text: maps, lists, strings, numbers and booleans. */
    static Object read(byte[] json) {
        return MAPPER.readValue(json, Object.class);
    }
}
