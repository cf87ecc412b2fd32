package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Reads fields that must be there. */
final class JsonFields {
    private JsonFields() {}

    static JsonNode field(JsonNode json, String name) {
        JsonNode value = json.get(name);
        if (value == null) {
            throw new IllegalArgumentException("cut certificate: '" + name + "' is missing");
        }
        return value;
    }

    static String text(JsonNode json, String name) {
        return text(field(json, name));
    }

    static String text(JsonNode value) {
        if (!value.isString()) {
            throw new IllegalArgumentException("cut certificate: '" + value + "' is not a text");
        }
        return value.asString();
    }

    static long number(JsonNode json, String name) {
        return number(field(json, name));
    }

    private static long number(JsonNode value) {
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalArgumentException("cut certificate: '" + value + "' is not a whole number");
        }
        return value.asLong();
    }

    static boolean flag(JsonNode json, String name) {
        JsonNode value = field(json, name);
        if (!value.isBoolean()) {
            throw new IllegalArgumentException("cut certificate: '" + name + "' is neither true nor false");
        }
        return value.asBoolean();
    }

    static int id(JsonNode json, String name) {
        return id(field(json, name));
    }

    static int id(JsonNode value) {
        long number = number(value);
        if (number < 0 || number > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException("cut certificate: " + number + " is not an unsigned 32-bit number");
        }
        return (int) number;
    }

    static Lsn lsn(JsonNode json, String name) {
        return Lsn.parse(text(json, name));
    }

    static <E extends Enum<E>> E constant(JsonNode json, String name, Class<E> type) {
        String text = text(json, name);
        try {
            return Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("cut certificate: '" + name + "' has unknown value '" + text + "'", e);
        }
    }
}
