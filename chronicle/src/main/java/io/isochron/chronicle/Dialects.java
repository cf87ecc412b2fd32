package io.isochron.chronicle;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The dialects behind {@link Dialect}. */
final class Dialects {
    static final Dialect XA = new Xa();
    static final Dialect PGDOG = new Prefix("pgdog", Pattern.compile("(__pgdog_2pc_.+)_\\d+"));

    static final Dialect CITUS = new Citus();
    static final Dialect KNOWN = new AnyOf(List.of(XA, CITUS, PGDOG), false);

    /** gids that logical replication makes for itself; never part of a cross-shard transaction. */
    private static final Pattern LOGICAL_REPLICATION = Pattern.compile("pg_gid_\\d+_\\d+");

    private Dialects() {}

    static boolean isLogicalReplication(String gid) {
        return gid.startsWith("pg_gid_") && LOGICAL_REPLICATION.matcher(gid).matches();
    }

    /** Read by hand, as {@code (-?\d{1,10}_[A-Za-z0-9+/]*={0,2})_[A-Za-z0-9+/]*={0,2}}: a cut asks it of every branch around its moment. */
    private record Xa() implements Dialect {
        private static final int FORMAT_DIGITS_MAX = 10;
        private static final int PADDING_MAX = 2;

        @Override
        public String name() {
            return "xa";
        }

        @Override
        public Optional<String> globalTransaction(String gid) {
            int first = gid.startsWith("-") ? 1 : 0;
            int at = first;
            while (at < gid.length() && gid.charAt(at) >= '0' && gid.charAt(at) <= '9') {
                at++;
            }
            if (at == first || at - first > FORMAT_DIGITS_MAX) {
                return Optional.empty();
            }
            int keyEnd = base64(gid, at);
            return keyEnd >= 0 && base64(gid, keyEnd) == gid.length()
                    ? Optional.of(gid.substring(0, keyEnd))
                    : Optional.empty();
        }

        /** The end of an underscore and Base64 that may be empty; -1 if there is none. What does not belong to it ends it. */
        private static int base64(String gid, int from) {
            if (from >= gid.length() || gid.charAt(from) != '_') {
                return -1;
            }
            int at = from + 1;
            while (at < gid.length() && isBase64(gid.charAt(at))) {
                at++;
            }
            int padding = at;
            while (at < gid.length() && at - padding < PADDING_MAX && gid.charAt(at) == '=') {
                at++;
            }
            return at;
        }

        private static boolean isBase64(char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
        }
    }

    private record Prefix(String name, Pattern pattern) implements Dialect {
        @Override
        public Optional<String> globalTransaction(String gid) {
            Matcher matcher = pattern.matcher(gid);
            return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
        }
    }

    private record Citus() implements Dialect {
        private static final Pattern GID = Pattern.compile("(citus_\\d{1,10}_\\d{1,10}_\\d{1,20})_\\d{1,10}");

        @Override
        public String name() {
            return "citus";
        }

        @Override
        public Optional<String> globalTransaction(String gid) {
            Matcher matcher = GID.matcher(gid);
            return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
        }

        @Override
        public boolean recordsDecision(String gid) {
            return true;
        }
    }

    record OwnPattern(String name, Pattern pattern) implements Dialect {
        OwnPattern(String regex) {
            this("pattern " + regex, compile(regex));
        }

        private static Pattern compile(String regex) {
            Pattern pattern;
            try {
                pattern = Pattern.compile(regex);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(
                        "two-phase pattern '" + regex + "' is not a regular expression: " + e.getDescription()
                                + "\nhint: use Java's syntax, with one group that names the transaction, such as shop-(\\d+)-.*",
                        e);
            }
            int groups = pattern.matcher("").groupCount();
            if (groups != 1) {
                throw new IllegalArgumentException(
                        "two-phase pattern '" + regex + "' has " + groups
                                + " groups\nhint: put exactly one group around what names the transaction, and (?:...) elsewhere");
            }
            return pattern;
        }

        @Override
        public Optional<String> globalTransaction(String gid) {
            Matcher matcher = pattern.matcher(gid);
            return matcher.matches() ? Optional.ofNullable(matcher.group(1)) : Optional.empty();
        }
    }

    /** @param told whether keys tell which dialect they are of; needed where two may make the same */
    record AnyOf(List<Dialect> dialects, boolean told) implements Dialect {
        AnyOf {
            dialects = List.copyOf(dialects);
        }

        @Override
        public String name() {
            return String.join(", ", dialects.stream().map(Dialect::name).toList());
        }

        @Override
        public boolean recordsDecision(String gid) {
            for (Dialect dialect : dialects) {
                if (dialect.globalTransaction(gid).isPresent()) {
                    return dialect.recordsDecision(gid);
                }
            }
            return false;
        }

        @Override
        public Optional<String> globalTransaction(String gid) {
            for (Dialect dialect : dialects) {
                Optional<String> key = dialect.globalTransaction(gid);
                if (key.isPresent()) {
                    return told ? key.map(k -> dialect.name() + ":" + k) : key;
                }
            }
            return Optional.empty();
        }
    }
}
