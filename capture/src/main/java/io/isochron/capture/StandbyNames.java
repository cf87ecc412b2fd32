package io.isochron.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A value of {@code synchronous_standby_names} (grammar: src/backend/replication/syncrep_gram.y and syncrep_scanner.l): {@code FIRST n (a, b)}, {@code ANY n (a, b)}, {@code n (a, b)}, {@code a, b}, or
 * nothing.
 *
 * @param any {@code ANY}: whichever of them answer first count; else the first ones of the list that are connected
 * @param count how many must confirm; 0 if commits wait for nobody
 * @param names of standbys, as compared by the server: without regard to case; {@code *} is every standby
 */
record StandbyNames(boolean any, int count, List<String> names) {
    StandbyNames {
        names = List.copyOf(names);
    }

    /** How far commits wait for one certain standby. */
    enum Requirement {
        /** Every commit waits for it. */
        ALWAYS,
        /** Commits wait for it only while it is connected: when it is not, another one takes its place. */
        WHILE_CONNECTED,
        /** Others can confirm in its place at any time, or it is only a spare. */
        NOT
    }

    /**
     * Reads a value as {@code SHOW} gives it.
     *
     * @throws IllegalArgumentException if it is not such a value
     */
    static StandbyNames parse(String value) {
        return new Parser(value).parse();
    }

    /** Whether commits wait for the standby with this {@code application_name}. */
    Requirement of(String standby) {
        int at = -1;
        for (int i = 0; i < names.size() && at < 0; i++) {
            if (matches(names.get(i), standby)) {
                at = i;
            }
        }
        if (at < 0 || count == 0) {
            return Requirement.NOT;
        }
        boolean others = names.stream().anyMatch(name -> name.equals("*"));
        if (count >= names.size() && !others) {
            return Requirement.ALWAYS;
        }
        return !any && at < count && !names.subList(0, at + 1).contains("*")
                ? Requirement.WHILE_CONNECTED
                : Requirement.NOT;
    }

    private static boolean matches(String name, String standby) {
        return name.equals("*") || name.equalsIgnoreCase(standby);
    }

    /** The same without one standby: what remains must confirm, one less than before; nothing if it was the only one. */
    StandbyNames without(String standby) {
        List<String> rest =
                names.stream().filter(name -> !name.equalsIgnoreCase(standby)).toList();
        int fewer = Math.min(rest.size(), rest.size() == names.size() ? count : Math.max(1, count - 1));
        return rest.isEmpty() ? new StandbyNames(false, 0, List.of()) : new StandbyNames(any, fewer, rest);
    }

    /** The value as it is set. */
    String format() {
        if (count == 0) {
            return "";
        }
        List<String> quoted = names.stream()
                .map(name -> name.equals("*") ? "*" : "\"" + name.replace("\"", "\"\"") + "\"")
                .toList();
        return (any ? "ANY " : "FIRST ") + count + " (" + String.join(", ", quoted) + ")";
    }

    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        StandbyNames parse() {
            List<String> tokens = new ArrayList<>();
            for (String token = next(); !token.isEmpty(); token = next()) {
                tokens.add(token);
            }
            if (tokens.isEmpty()) {
                return new StandbyNames(false, 0, List.of());
            }
            boolean any = keyword(tokens.getFirst(), "any");
            int from = any || keyword(tokens.getFirst(), "first") ? 1 : 0;
            boolean counted = tokens.size() > from + 1
                    && tokens.get(from + 1).equals("(")
                    && number(tokens.get(from)) > 0
                    && tokens.getLast().equals(")");
            if (counted) {
                List<String> names = names(tokens.subList(from + 2, tokens.size() - 1));
                return new StandbyNames(any, number(tokens.get(from)), names);
            }
            // the old form: a list, of which one must confirm; `first` and `any` are then names
            return new StandbyNames(false, 1, names(tokens));
        }

        private List<String> names(List<String> tokens) {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < tokens.size(); i++) {
                String token = tokens.get(i);
                boolean comma = token.equals(",");
                if (comma != (i % 2 == 1) || token.equals("(") || token.equals(")")) {
                    throw malformed();
                }
                if (!comma) {
                    names.add(
                            token.startsWith("\"")
                                    ? token.substring(1, token.length() - 1).replace("\"\"", "\"")
                                    : token);
                }
            }
            if (tokens.size() % 2 == 0) {
                throw malformed();
            }
            return names;
        }

        private static boolean keyword(String token, String wanted) {
            return token.toLowerCase(Locale.ROOT).equals(wanted);
        }

        private static int number(String token) {
            return token.length() < 10 && token.chars().allMatch(c -> c >= '0' && c <= '9')
                    ? Integer.parseInt(token)
                    : -1;
        }

        private String next() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
            if (at == text.length()) {
                return "";
            }
            int start = at;
            char c = text.charAt(at++);
            if ("(),*".indexOf(c) >= 0) {
                return text.substring(start, at);
            }
            if (c == '"') {
                while (true) {
                    int quote = text.indexOf('"', at);
                    if (quote < 0) {
                        throw malformed();
                    }
                    at = quote + 1;
                    if (at == text.length() || text.charAt(at) != '"') {
                        return text.substring(start, at);
                    }
                    at++;
                }
            }
            while (at < text.length()
                    && !Character.isWhitespace(text.charAt(at))
                    && "(),*\"".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            return text.substring(start, at);
        }

        private IllegalArgumentException malformed() {
            return new IllegalArgumentException("synchronous_standby_names '" + text + "' cannot be read");
        }
    }
}
