package io.isochron.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Takes a connection string apart, in both of libpq's forms (documentation, chapter 32.1.1). Errors name positions rather than
 * text: any piece of the text may be a password.
 */
final class Conninfo {
    private static final String WHERE = "the connection string";

    private final String text;
    private final Map<String, String> values = new LinkedHashMap<>();
    private int at;

    private Conninfo(String text) {
        this.text = text;
    }

    /**
     * Keywords and their values, in the order in which they appear; of a keyword that appears twice the last value counts.
     *
     * @throws IllegalArgumentException if the text is not a connection string or has an unknown keyword
     */
    static Map<String, String> parse(String text) {
        Conninfo conninfo = new Conninfo(text);
        for (String scheme : new String[] {"postgresql://", "postgres://"}) {
            if (text.startsWith(scheme)) {
                conninfo.at = scheme.length();
                conninfo.uri();
                return conninfo.values;
            }
        }
        conninfo.keywords();
        return conninfo.values;
    }

    private void put(String keyword, String value) {
        Keywords.check(keyword, value, WHERE);
        values.put(keyword, value);
    }

    private static IllegalArgumentException malformed(String what, int position) {
        return new IllegalArgumentException("malformed connection string: " + what + " at character " + (position + 1)
                + "\nhint: Write host=... port=... user=... dbname=..., values with spaces in single quotes,"
                + " or postgresql://user@host:port/dbname.");
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    private void skipSpaces() {
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
    }

    private void keywords() {
        for (skipSpaces(); at < text.length(); skipSpaces()) {
            int start = at;
            while (at < text.length() && text.charAt(at) != '=' && !isSpace(text.charAt(at))) {
                at++;
            }
            String keyword = text.substring(start, at);
            skipSpaces();
            if (at == text.length() || text.charAt(at) != '=' || keyword.isEmpty()) {
                throw malformed("a keyword without '='", start);
            }
            at++;
            skipSpaces();
            put(keyword, value());
        }
    }

    private String value() {
        StringBuilder value = new StringBuilder();
        boolean quoted = at < text.length() && text.charAt(at) == '\'';
        int start = at;
        if (quoted) {
            at++;
        }
        for (; at < text.length(); at++) {
            char c = text.charAt(at);
            if (quoted ? c == '\'' : isSpace(c)) {
                at++;
                return value.toString();
            }
            if (c == '\\') {
                if (++at == text.length()) {
                    break;
                }
                c = text.charAt(at);
            }
            value.append(c);
        }
        if (quoted) {
            throw malformed("a quoted value without end", start);
        }
        return value.toString();
    }

    /** {@code [user[:password]@][host[:port],...][/dbname][?keyword=value&...]}, every part percent-encoded. */
    private void uri() {
        int end = indexOfAny("@/", at);
        if (end < text.length() && text.charAt(end) == '@') {
            int colon = text.indexOf(':', at);
            if (colon >= 0 && colon < end) {
                putDecoded("user", at, colon);
                putDecoded("password", colon + 1, end);
            } else {
                putDecoded("user", at, end);
            }
            at = end + 1;
        }
        hosts();
        if (at < text.length() && text.charAt(at) == '/') {
            int question = indexOfAny("?", at);
            putDecoded("dbname", at + 1, question);
            at = question;
        }
        if (at < text.length()) {
            at++;
            parameters();
        }
    }

    private void hosts() {
        StringBuilder hosts = new StringBuilder();
        StringBuilder ports = new StringBuilder();
        while (true) {
            if (at < text.length() && text.charAt(at) == '[') {
                int close = text.indexOf(']', at);
                if (close < 0 || close == at + 1) {
                    throw malformed("an IPv6 address without ']' or empty", at);
                }
                hosts.append(text, at + 1, close);
                at = close + 1;
                if (at < text.length() && ":/?,".indexOf(text.charAt(at)) < 0) {
                    throw malformed("something between an IPv6 address and its port", at);
                }
            } else {
                int end = indexOfAny(":/?,", at);
                hosts.append(decode(at, end));
                at = end;
            }
            if (at < text.length() && text.charAt(at) == ':') {
                int end = indexOfAny("/?,", at);
                ports.append(decode(at + 1, end));
                at = end;
            }
            if (at == text.length() || text.charAt(at) != ',') {
                break;
            }
            at++;
            hosts.append(',');
            ports.append(',');
        }
        if (!hosts.isEmpty()) {
            put("host", hosts.toString());
        }
        if (!ports.chars().allMatch(c -> c == ',')) {
            put("port", ports.toString());
        }
    }

    private void parameters() {
        while (at < text.length()) {
            int end = indexOfAny("&", at);
            int equals = text.indexOf('=', at);
            if (equals < 0 || equals > end) {
                throw malformed("a parameter without '='", at);
            }
            if (text.indexOf('=', equals + 1) >= 0 && text.indexOf('=', equals + 1) < end) {
                throw malformed("a second '=' in a parameter", equals + 1);
            }
            String keyword = decode(at, equals);
            String value = decode(equals + 1, end);
            if (keyword.equals("ssl") && value.equals("true")) {
                put("sslmode", "require"); // as JDBC writes it; libpq takes it too
            } else {
                put(keyword, value);
            }
            at = Math.min(text.length(), end + 1);
        }
    }

    private int indexOfAny(String characters, int from) {
        for (int i = from; i < text.length(); i++) {
            if (characters.indexOf(text.charAt(i)) >= 0) {
                return i;
            }
        }
        return text.length();
    }

    private void putDecoded(String keyword, int start, int end) {
        if (end > start) {
            put(keyword, decode(start, end));
        }
    }

    private String decode(int start, int end) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = start; i < end; i++) {
            char c = text.charAt(i);
            if (c != '%') {
                int codePoint = text.codePointAt(i);
                bytes.writeBytes(Character.toString(codePoint).getBytes(StandardCharsets.UTF_8));
                i += Character.charCount(codePoint) - 1;
                continue;
            }
            int value = 0;
            for (int digit = i + 1; digit <= i + 2; digit++) {
                int nibble = digit < end ? Character.digit(text.charAt(digit), 16) : -1;
                if (nibble < 0) {
                    throw malformed("'%' without two hexadecimal digits", i);
                }
                value = 16 * value + nibble;
            }
            if (value == 0) {
                throw malformed("the forbidden value %00", i);
            }
            bytes.write(value);
            i += 2;
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
