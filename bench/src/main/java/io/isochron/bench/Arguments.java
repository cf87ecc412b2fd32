package io.isochron.bench;

import java.util.HashMap;
import java.util.Map;

/** The {@code --name value} arguments of a benchmark. */
final class Arguments {
    private final Map<String, String> values = new HashMap<>();

    /** @throws IllegalArgumentException for an argument that is not {@code --name value}, or a name that is not known */
    Arguments(String[] args, String... known) {
        for (int i = 0; i < args.length; i += 2) {
            String name = args[i].startsWith("--") ? args[i].substring(2) : "";
            if (!java.util.List.of(known).contains(name) || i + 1 == args.length) {
                throw new IllegalArgumentException("argument '" + args[i] + "' is not understood\nhint: known are --"
                        + String.join(" N, --", known) + " N");
            }
            values.put(name, args[i + 1]);
        }
    }

    String text(String name, String fallback) {
        return values.getOrDefault(name, fallback);
    }

    long number(String name, long fallback) {
        String value = values.get(name);
        try {
            return value == null ? fallback : Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--" + name + " is '" + value + "', expected a whole number", e);
        }
    }
}
