package io.isochron.wire;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All keywords of libpq 17 and 18 connection strings (documentation, chapter 32.1.2), and what becomes of them here. */
final class Keywords {
    /**
     * A keyword.
     *
     * @param environment the environment variable that gives its default; null if there is none
     * @param allowed the values that are understood; empty if any
     * @param secret its value must never be shown
     */
    record Keyword(String name, @Nullable String environment, Set<String> allowed, boolean secret) {}

    private static final Map<String, Keyword> ALL = new LinkedHashMap<>();

    static {
        any("host", "PGHOST");
        any("hostaddr", "PGHOSTADDR");
        any("port", "PGPORT");
        any("dbname", "PGDATABASE");
        any("user", "PGUSER");
        secret("password", "PGPASSWORD");
        any("passfile", "PGPASSFILE");
        any("service", "PGSERVICE");
        any("servicefile", "PGSERVICEFILE");
        any("connect_timeout", "PGCONNECT_TIMEOUT");
        any("application_name", "PGAPPNAME");
        any("fallback_application_name", null);
        any("options", "PGOPTIONS");
        any("require_auth", "PGREQUIREAUTH");
        one("channel_binding", "PGCHANNELBINDING", "disable", "prefer", "require");
        one("sslmode", "PGSSLMODE", "disable", "allow", "prefer", "require", "verify-ca", "verify-full");
        one("sslnegotiation", "PGSSLNEGOTIATION", "postgres", "direct");
        any("sslrootcert", "PGSSLROOTCERT");
        any("sslcert", "PGSSLCERT");
        any("sslkey", "PGSSLKEY");
        secret("sslpassword", null);
        one("sslsni", "PGSSLSNI", "0", "1");
        one("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");
        one("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");
        one(
                "target_session_attrs",
                "PGTARGETSESSIONATTRS",
                "any",
                "read-write",
                "read-only",
                "primary",
                "standby",
                "prefer-standby");
        one("load_balance_hosts", "PGLOADBALANCEHOSTS", "disable", "random");
        one("keepalives", null, "0", "1");
        any("keepalives_idle", null);
        any("keepalives_interval", null);
        any("keepalives_count", null);
        // Understood only in the values that ask for nothing that we would have to leave out.
        one("gssencmode", "PGGSSENCMODE", "disable", "prefer");
        one("gssdelegation", "PGGSSDELEGATION", "0");
        one("requirepeer", "PGREQUIREPEER", "");
        one("sslcrl", "PGSSLCRL", "");
        one("sslcrldir", "PGSSLCRLDIR", "");
        one("sslcertmode", "PGSSLCERTMODE", "disable", "allow");
        one("min_protocol_version", "PGMINPROTOCOLVERSION", "3.0");
        one("scram_client_key", null, "");
        one("scram_server_key", null, "");
        // Without meaning here: no security depends on them.
        any("max_protocol_version", "PGMAXPROTOCOLVERSION");
        any("client_encoding", "PGCLIENTENCODING");
        any("tcp_user_timeout", null);
        any("replication", null);
        any("sslcompression", "PGSSLCOMPRESSION");
        any("sslkeylogfile", null);
        any("krbsrvname", "PGKRBSRVNAME");
        any("gsslib", "PGGSSLIB");
        any("tty", "PGTTY");
        any("authtype", null);
        any("oauth_issuer", null);
        any("oauth_client_id", null);
        secret("oauth_client_secret", null);
        any("oauth_scope", null);
    }

    private Keywords() {}

    private static void any(String name, @Nullable String environment) {
        ALL.put(name, new Keyword(name, environment, Set.of(), false));
    }

    private static void secret(String name, @Nullable String environment) {
        ALL.put(name, new Keyword(name, environment, Set.of(), true));
    }

    private static void one(String name, @Nullable String environment, String... allowed) {
        ALL.put(name, new Keyword(name, environment, Set.of(allowed), false));
    }

    static Iterable<Keyword> all() {
        return ALL.values();
    }

    /**
     * Checks that a keyword exists and that its value is understood.
     *
     * @param where where it was found, for the error
     */
    static void check(String name, String value, String where) {
        Keyword keyword = ALL.get(name);
        if (keyword == null) {
            throw new IllegalArgumentException("unknown connection keyword '" + name + "' in " + where
                    + "\nhint: The nearest known keyword is '" + nearest(name) + "'.");
        }
        // An empty value means the default, as in libpq.
        if (keyword.allowed().isEmpty() || value.isEmpty() || keyword.allowed().contains(value)) {
            return;
        }
        List<String> allowed =
                keyword.allowed().stream().filter(v -> !v.isEmpty()).sorted().toList();
        throw new IllegalArgumentException("connection keyword '" + name + "' in " + where + " has the value '" + value
                + "', which is not supported\nhint: "
                + (allowed.isEmpty()
                        ? "Leave '" + name + "' away: ignoring it silently would weaken security."
                        : "Supported are " + String.join(", ", allowed) + "."));
    }

    /** The known keyword with the least number of changed letters. */
    static String nearest(String name) {
        String best = "host";
        int bestDistance = Integer.MAX_VALUE;
        for (String candidate : ALL.keySet()) {
            int distance = distance(name.toLowerCase(Locale.ROOT), candidate);
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best;
    }

    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
