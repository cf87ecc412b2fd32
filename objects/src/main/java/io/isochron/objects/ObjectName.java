package io.isochron.objects;

/**
 * The name of an object: segments of lower-case letters, digits, {@code .}, {@code _} and {@code -} joined by {@code /}. A segment starts with
 * a letter or a digit, so no name can leave a folder, be hidden, or differ from another in case alone. Names compare by their bytes.
 *
 * @param value the whole name, 1 to 512 characters, each segment at most 128
 */
public record ObjectName(String value) implements Comparable<ObjectName> {
    private static final int NAME_CHARS_MAX = 512;
    private static final int SEGMENT_CHARS_MAX = 128;

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
        if (text.length() > NAME_CHARS_MAX) {
            return false;
        }
        int begin = 0;
        for (int slash = text.indexOf('/'); slash >= 0; slash = text.indexOf('/', begin)) {
            if (!isSegment(text, begin, slash)) {
                return false;
            }
            begin = slash + 1;
        }
        return isSegment(text, begin, text.length());
    }

    /** True if the text can be one segment of a name. */
    public static boolean isSegment(String text) {
        return isSegment(text, 0, text.length());
    }

    private static boolean isSegment(String text, int begin, int end) {
        if (begin == end || end - begin > SEGMENT_CHARS_MAX || !isLetterOrDigit(text.charAt(begin))) {
            return false;
        }
        for (int i = begin + 1; i < end; i++) {
            char one = text.charAt(i);
            if (!isLetterOrDigit(one) && one != '.' && one != '_' && one != '-') {
                return false;
            }
        }
        return true;
    }

    private static boolean isLetterOrDigit(char one) {
        return (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9');
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
