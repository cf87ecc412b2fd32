package io.isochron.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ConnectionSettingsTest {
    @TempDir
    Path home;

    private ConnectionSettings parse(String text, String... environment) {
        Map<String, String> variables = new java.util.HashMap<>();
        variables.put("HOME", home.toString());
        variables.put("PGSYSCONFDIR", home.toString());
        for (int i = 0; i < environment.length; i += 2) {
            variables.put(environment[i], environment[i + 1]);
        }
        return ConnectionSettings.parse(text, variables);
    }

    private Path file(String name, String content, String permissions) throws IOException {
        Path file = Files.writeString(home.resolve(name), content);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    @Test
    void keywordsMayBeQuotedAndEscaped() {
        ConnectionSettings settings = parse(
                " host = db1  port=5433 user='o' dbname='a b' application_name = it\\'s\\ me password='p\\'\\\\q'");
        assertThat(settings.endpoints()).containsExactly(new Endpoint("db1", null, 5433));
        assertThat(settings.user()).isEqualTo("o");
        assertThat(settings.applicationName()).isEqualTo("it's me");
        assertThat(settings.get("password")).isEqualTo("p'\\q");
    }

    @Test
    void aUriIsPercentDecodedInEveryPart() {
        ConnectionSettings settings =
                parse("postgresql://us%40er:p%3Aw+d@h%31:5433/d%2Fb?application_name=x%20y&sslmode=require");
        assertThat(settings.user()).isEqualTo("us@er");
        assertThat(settings.get("password")).isEqualTo("p:w+d");
        assertThat(settings.endpoints()).containsExactly(new Endpoint("h1", null, 5433));
        assertThat(settings.database()).isEqualTo("d/b");
        assertThat(settings.applicationName()).isEqualTo("x y");
        assertThat(settings.sslMode()).isEqualTo("require");
    }

    @Test
    void aUriMayNameManyHostsAddressesOfIpv6AndSockets() {
        assertThat(parse("postgres://u@[2001:db8::1]:6000,b,c:7/x").endpoints())
                .containsExactly(
                        new Endpoint("2001:db8::1", null, 6000),
                        new Endpoint("b", null, 5432),
                        new Endpoint("c", null, 7));
        Endpoint socket = parse("postgresql://%2Frun%2Fpg:6001/x").endpoints().getFirst();
        assertThat(socket.isUnix()).isTrue();
        assertThat(socket.socketPath()).isEqualTo("/run/pg/.s.PGSQL.6001");
        assertThat(parse("postgresql:///x?host=/run/pg&port=6002").endpoints())
                .containsExactly(new Endpoint("/run/pg", null, 6002));
    }

    @Test
    void listsOfHostsAndPortsArePaired() {
        assertThat(parse("host=a,b hostaddr=10.0.0.1,10.0.0.2 port=1,2").endpoints())
                .containsExactly(new Endpoint("a", "10.0.0.1", 1), new Endpoint("b", "10.0.0.2", 2));
        assertThat(parse("host=a,b port=7").endpoints())
                .containsExactly(new Endpoint("a", null, 7), new Endpoint("b", null, 7));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("host=a,b,c port=1,2"))
                .withMessageContaining("could not match 2 port numbers to 3 hosts");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "host=a port",
                "host='a",
                "=x",
                "postgresql://h/d?x",
                "postgresql://h/d?user=%4",
                "postgresql://h/%00",
                "postgresql://[::1/d",
                "host=a port=0",
                "host=a port=65536",
                "host=a port=x",
                "host=a connect_timeout=soon",
                "host=@abstract"
            })
    void malformedTextIsRefusedWithAHint(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> parse(text)).withMessageContaining("\nhint: ");
    }

    @Test
    void anUnknownKeywordIsNamedWithTheNearestKnownOne() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("host=a usr=b"))
                .withMessageContaining("unknown connection keyword 'usr'")
                .withMessageContaining("'user'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("postgresql://a/b?ssl_mode=require"))
                .withMessageContaining("'sslmode'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gssencmode=require",
                "sslcrl=/x",
                "sslcrldir=/x",
                "requirepeer=postgres",
                "sslcertmode=require",
                "sslmode=verify",
                "channel_binding=yes",
                "min_protocol_version=3.2"
            })
    void whatWouldWeakenSecurityIfIgnoredIsRefused(String option) {
        String keyword = option.substring(0, option.indexOf('='));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("host=a " + option))
                .withMessageContaining("'" + keyword + "'")
                .withMessageContaining("not supported");
    }

    @Test
    void theEnvironmentFillsWhatTheTextLeavesOpen() {
        ConnectionSettings settings =
                parse("user=me", "PGHOST", "h", "PGPORT", "6", "PGUSER", "other", "PGSSLMODE", "disable");
        assertThat(settings.endpoints()).containsExactly(new Endpoint("h", null, 6));
        assertThat(settings.user()).isEqualTo("me");
        assertThat(settings.database()).isEqualTo("me");
        assertThat(settings.sslMode()).isEqualTo("disable");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("", "PGSSLMODE", "on"))
                .withMessageContaining("environment variable PGSSLMODE");
    }

    @Test
    void aServiceComesBetweenTheTextAndTheEnvironment() throws IOException {
        file(
                ".pg_service.conf",
                "# mine\n[other]\nhost=x\n[shard1]\nhost=db1\nport=6\nuser=svc\n[last]\nhost=y\n",
                "rw-r--r--");
        ConnectionSettings settings = parse("service=shard1 user=me", "PGPORT", "9");
        assertThat(settings.endpoints()).containsExactly(new Endpoint("db1", null, 6));
        assertThat(settings.user()).isEqualTo("me");
        assertThat(parse("", "PGSERVICE", "other").endpoints().getFirst().host())
                .isEqualTo("x");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("service=none"))
                .withMessageContaining("definition of service \"none\" not found");
        file("pg_service.conf", "[system]\nhost=z\n", "rw-r--r--");
        assertThat(parse("service=system").endpoints().getFirst().host()).isEqualTo("z");
    }

    @Test
    void anUnknownKeywordInAServiceIsNamedWithItsLine() throws IOException {
        file(".pg_service.conf", "[s]\nhost=x\nhots=y\n", "rw-r--r--");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("service=s"))
                .withMessageContaining("'hots' in line 3 of service file")
                .withMessageContaining("'host'");
    }

    @Test
    void thePasswordFileIsMatchedWithWildcardsAndEscapes() throws IOException {
        file(
                ".pgpass",
                "# comment\nother:*:*:*:no\nh\\:1:5432:db:u\\\\s:pa\\:ss\\\\word\n*:7:*:*:seven\nlocalhost:*:replication:*:repl\n",
                "rw-------");
        Endpoint odd = new Endpoint("h:1", null, 5432);
        assertThat(parse("user=u\\\\s").password(odd, "db")).contains("pa:ss\\word");
        assertThat(parse("user=u").password(odd, "db")).isEmpty();
        assertThat(parse("user=u").password(new Endpoint("any", null, 7), "db")).contains("seven");
        assertThat(parse("user=u").password(new Endpoint("/tmp", null, 8), "replication", "db"))
                .contains("repl");
        assertThat(parse("user=u password=given").password(odd, "db")).contains("given");
    }

    @Test
    void aPasswordFileThatOthersCanReadIsRefused() throws IOException {
        Path file = file(".pgpass", "*:*:*:*:secret\n", "rw-r-----");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("host=h user=u").password(new Endpoint("h", null, 1), "db"))
                .withMessageContaining(file.toString())
                .withMessageContaining("0600")
                .withMessageNotContaining("secret");
    }

    @Test
    void noPasswordIsEverShown() throws IOException {
        ConnectionSettings settings = parse("postgresql://u:topsecret@h/d");
        assertThat(settings.toString()).contains("h:5432").doesNotContain("topsecret");
        assertThat(settings.toJdbcUrl()).doesNotContain("topsecret");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("host=h password=very topsecret"))
                .withMessageNotContaining("topsecret");
    }

    @Test
    void jdbcGetsTheSamePlace() {
        Properties properties = parse(
                        "host=a,b port=1 user=u password=p dbname='x y' sslmode=disable target_session_attrs=primary")
                .toJdbcProperties();
        assertThat(properties)
                .containsEntry("user", "u")
                .containsEntry("password", "p")
                .containsEntry("sslmode", "disable")
                .containsEntry("targetServerType", "primary");
        assertThat(parse("host=a,b port=1 user=u dbname='x y'").toJdbcUrl())
                .isEqualTo("jdbc:postgresql://a:1,b:1/x%20y");
        ConnectionSettings socket = parse("host=/run/pg port=3 user=u");
        assertThat(socket.toJdbcProperties())
                .containsEntry("socketFactory", "io.isochron.instance.UnixSocketFactory")
                .containsEntry("socketFactoryArg", "/run/pg/.s.PGSQL.3");
    }

    @Test
    void copiesChangeOneThing() {
        ConnectionSettings settings = parse("host=a port=1 hostaddr=1.2.3.4 user=u password=p");
        assertThat(settings.withDatabase("d").database()).isEqualTo("d");
        assertThat(settings.withApplicationName("n").applicationName()).isEqualTo("n");
        assertThat(settings.withHost("b", 2).endpoints()).containsExactly(new Endpoint("b", null, 2));
        assertThat(settings.withUser("v").user()).isEqualTo("v");
        assertThat(settings.withPassword("q").get("password")).isEqualTo("q");
    }

    @Test
    void requireBecomesVerifyCaWhereARootCertificateExists() throws IOException {
        assertThat(parse("host=a sslmode=require").sslMode()).isEqualTo("require");
        Files.createDirectory(home.resolve(".postgresql"));
        Files.createFile(home.resolve(".postgresql/root.crt"));
        assertThat(parse("host=a sslmode=require").sslMode()).isEqualTo("verify-ca");
        assertThat(parse("host=a sslrootcert=system").sslMode()).isEqualTo("verify-full");
        assertThatIllegalArgumentException().isThrownBy(() -> parse("host=a sslmode=require sslrootcert=system"));
    }
}
