package io.isochron.objects;

import java.util.regex.Pattern;

/**
 * The name of an object: segments of lower-case letters, digits, {@code .}, {@code _} and {@code -} joined by {@code /}. A segment starts with
 * a letter or a digit, so no name can leave a folder, be hidden, or differ from another in case alone. Names compare by their bytes.
 *
 * @param value the whole name, 1 to 512 characters, each segment at most 128
 */
public record ObjectName(String value) implements Comparable<ObjectName> {
    private static final Pattern VALID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,127}(/[a-z0-9][a-z0-9._-]{0,127})*");

    /** @throws IllegalArgumentException if the text is not a name */
    public ObjectName {
        if (!isName(value)) {
            throw new IllegalArgumentException("'" + value + "' is not an object name"
                    + "\nhint: use lower-case letters, digits, '.', '_' and '-', in segments joined by '/'");
        }
    }

    /** A name of these segments. */
    public static ObjectName of(String... segments) {
        return new ObjectName(String.join("/", segments));
    }

    /** True if the text is a name. */
    public static boolean isName(String text) {
        return text.length() <= 512 && VALID.matcher(text).matches();
    }

    /** True if the text can be one segment of a name. */
    public static boolean isSegment(String text) {
        return text.indexOf('/') < 0 && VALID.matcher(text).matches();
    }

    /** The part after the last slash. */
    public String lastSegment() {
        return value.substring(value.lastIndexOf('/') + 1);
    }

    @Override
    public int compareTo(ObjectName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
