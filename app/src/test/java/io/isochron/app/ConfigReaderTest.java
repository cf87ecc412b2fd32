package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.capture.WalSource;
import io.isochron.objects.ObjectLock;
import io.isochron.objects.Place;
import io.isochron.objects.RetryPolicy;
import io.isochron.objects.S3Settings;
import io.isochron.objects.StoreLimits;
import io.isochron.restore.Invariant;
import io.isochron.store.KeyProgram;
import io.isochron.store.RetentionPromise;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

class ConfigReaderTest {
    private static final Path FILE = Path.of("/etc/isochron/isochron.yaml");
    private static final String MINIMAL = """
            cluster: shop
            repository: {path: repo, key-file: /keys/shop.key}
            shards:
              - {name: a, connection: host=a}
            """;

    private static AbstractThrowableAssert<?, ?> problems(String yaml) {
        return assertThatThrownBy(() -> ConfigReader.read(FILE, yaml))
                .isInstanceOfSatisfying(
                        AppException.class, e -> assertThat(e.code()).isEqualTo(ExitCode.CONFIG));
    }

    @Test
    void theExampleIsReadWithEverythingInIt() throws Exception {
        Config config = ConfigReader.read(FILE, Config.EXAMPLE);
        assertThat(config.cluster()).isEqualTo("shop");
        assertThat(config.shards())
                .containsExactly(
                        new Config.Shard(
                                "a", "host=db-a.example.org port=5432 user=isochron dbname=shop", "isochron_a"),
                        new Config.Shard("b", "service=shop_b", "isochron_b"));
        assertThat(config.objectives())
                .isEqualTo(new Config.Objectives(
                        RetentionPromise.of(Duration.ofDays(14)), Duration.ofSeconds(1), Duration.ofMinutes(15)));
        assertThat(config.invariants())
                .containsExactly(
                        Invariant.sum("balances", "select coalesce(sum(balance), 0) from accounts", "1000000"));
        assertThat(config.dialect().name()).isEqualTo("xa, citus, pgdog");
    }

    @Test
    void theLimitsOfABucketAreReadAndHeldToWhatCanWork() throws Exception {
        String bucket = """
                cluster: shop
                repository:
                  s3: {bucket: shop-backups}
                  key-file: k
                  limits: {%s}
                shards: [{name: a, connection: host=a}]
                """;
        Config config = ConfigReader.read(
                FILE,
                bucket.formatted("requests-at-once: 8, requests-per-second: 50, request-time: 5m, silence: 10s,"
                        + " retry-first: 1s, retry-longest: 20s, retry-for: 10m"));
        assertThat(config.limits())
                .isEqualTo(new StoreLimits(
                        8,
                        50,
                        Duration.ofMinutes(5),
                        Duration.ofSeconds(10),
                        new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(20), Duration.ofMinutes(10))));
        assertThat(ConfigReader.read(FILE, bucket.formatted("retry-for: 10m"))
                        .limits()
                        .atOnce())
                .isEqualTo(64);
        assertThat(ConfigReader.read(FILE, MINIMAL).limits()).isEqualTo(StoreLimits.DEFAULT);
        problems(bucket.formatted("requests-at-once: 0, requests-per-second: many, request-time: 2d, bandwith: 1"))
                .hasMessageContaining("'0' is not a number of requests")
                .hasMessageContaining("'many' is not a number of requests")
                .hasMessageContaining("'2d' is not from 1ms to 1h")
                .hasMessageContaining("unknown key 'bandwith' in limits");
        problems(bucket.formatted("request-time: 2s")).hasMessageContaining("cannot send an object of 96 MiB");
        problems(bucket.formatted("silence: 5m")).hasMessageContaining("does not go with a request of at most");
        problems(bucket.formatted("retry-first: 1m")).hasMessageContaining("is longer than the longest");
        problems(MINIMAL.replace("repo,", "repo, limits: {retry-for: 10m},"))
                .hasMessageContaining("'limits' is for buckets");
    }

    @Test
    void whatIsLeftOutHasDefaultsAndPathsStartAtTheFile() throws Exception {
        Config config = ConfigReader.read(FILE, MINIMAL);
        assertThat(config.objectives()).isEqualTo(Config.Objectives.DEFAULT);
        assertThat(config.placement()).isEqualTo(Placement.single(new Place.Folder(Path.of("/etc/isochron/repo"))));
        assertThat(config.key()).isEqualTo(new KeySource.InFile(Path.of("/keys/shop.key"), null));
        assertThat(config.postgresBin()).isEmpty();
        assertThat(config.invariants()).isEmpty();
    }

    @Test
    void anUnknownKeyIsNamedWithItsPlaceAndTheNearestKnownOne() {
        problems(MINIMAL.replace("shards:", "shard:"))
                .hasMessageContaining(
                        "line 3, column 1: unknown key 'shard' in the configuration, did you mean 'shards'?")
                .hasMessageContaining("the configuration lacks the key 'shards'");
        problems(MINIMAL + "objectives:\n  retentoin: 14d\n")
                .hasMessageContaining(
                        "line 6, column 3: unknown key 'retentoin' in objectives, did you mean 'retention'?");
    }

    @Test
    void allProblemsAreReportedAtOnce() {
        problems("""
                cluster: Shop!
                repository:
                  path: r
                shards:
                  - {name: a, connection: host=a password=x}
                  - {name: a, service: b, connection: host=b}
                  - {name: c, service: c, slot: Not-A-Slot}
                objectives: {rto: soon}
                dialect: seata
                invariants:
                  - {name: i, kind: avg, sql: select 1, expected: 1}
                  - {name: j, kind: sum, sql: select 1}
                colour: red
                """)
                .hasMessageContaining("has 11 problems")
                .hasMessageContaining("line 1, column 10: 'Shop!' is not a cluster name")
                .hasMessageContaining("repository lacks the key 'key-file'")
                .hasMessageContaining("must not hold a password; put it into ~/.pgpass or a file named by passfile=")
                .hasMessageContaining("shard 'a' appears twice")
                .hasMessageContaining("needs either 'connection' (a libpq connection string) or 'service'")
                .hasMessageContaining("'Not-A-Slot' is not a slot name")
                .hasMessageContaining("'soon' is not a duration")
                .hasMessageContaining("'seata' is not a dialect")
                .hasMessageContaining("'avg' is not a kind")
                .hasMessageContaining("lacks the key 'expected'")
                .hasMessageContaining("line 13, column 1: unknown key 'colour'");
    }

    @Test
    void walComesFromThePrimaryUnlessAStandbyIsAskedFor() throws Exception {
        assertThat(ConfigReader.read(FILE, MINIMAL).capture().options().walSource())
                .isEqualTo(WalSource.PRIMARY);
        assertThat(ConfigReader.read(FILE, MINIMAL + "capture: {wal-from: standby}\n")
                        .capture()
                        .options()
                        .walSource())
                .isEqualTo(WalSource.STANDBY);
        problems(MINIMAL + "capture: {wal-from: slave}\n")
                .hasMessageContaining("'slave' is no source; known are primary and standby");
        problems(MINIMAL + "capture: {wal-from: standby, mode: synchronous}\n")
                .hasMessageContaining("does not go with mode 'synchronous'");
    }

    @Test
    void aKeyIsInAFileOrInAVariableOrInAFileThatAProgramWraps() throws Exception {
        assertThat(ConfigReader.read(FILE, MINIMAL.replace("key-file: /keys/shop.key", "key-variable: SHOP_KEY"))
                        .key())
                .isEqualTo(new KeySource.InVariable("SHOP_KEY"));
        assertThat(ConfigReader.read(
                                FILE,
                                MINIMAL.replace(
                                        "shop.key",
                                        "shop.key, key-wrapping: {name: kms, wrap: [w, '{context}'], unwrap: [u], time-limit: 5s}"))
                        .key())
                .isEqualTo(new KeySource.InFile(
                        Path.of("/keys/shop.key"),
                        new KeyProgram("kms", List.of("w", "{context}"), List.of("u"), Duration.ofSeconds(5))));
        problems(MINIMAL.replace("shop.key", "shop.key, key-variable: SHOP_KEY"))
                .hasMessageContaining("either in a file ('key-file', perhaps with 'key-wrapping') or in a variable");
        problems(MINIMAL.replace("key-file: /keys/shop.key", "key-variable: 'geh eim'"))
                .hasMessageContaining("must be the name of an environment variable")
                .hasMessageNotContaining("geh eim");
        problems(MINIMAL.replace("shop.key", "shop.key, key-wrapping: {wrap: [], unwrap: u}"))
                .hasMessageContaining("key-wrapping lacks the key 'name'")
                .hasMessageContaining("'wrap' in key-wrapping names no program")
                .hasMessageContaining("'unwrap' in key-wrapping must be a list");
    }

    @Test
    void passwordsAreRefusedInEveryFormAndNeverRepeated() {
        for (String connection : new String[] {
            "host=a password=geheim",
            "PASSWORD = geheim host=a",
            "postgresql://u:geheim@a/db",
            "postgres://u@a/db?password=geheim"
        }) {
            problems(MINIMAL.replace("host=a", "'" + connection + "'"))
                    .hasMessageContaining("must not hold a password")
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("geheim"));
        }
    }

    @Test
    void aPasswordFileIsNoPassword() throws Exception {
        assertThat(ConfigReader.read(FILE, MINIMAL.replace("host=a", "host=a passfile=/p sslpassword_x=1"))
                        .shards())
                .hasSize(1);
    }

    @Test
    void whatIsNoYamlIsToldWithItsPlace() {
        problems("cluster: shop\nshards: [a\n").hasMessageContaining("is not YAML: line ");
        problems("").hasMessageContaining("lacks the key 'cluster'");
        problems("- a\n- b\n").hasMessageContaining("must be keys with values");
    }

    @Test
    void aKeyTwiceIsAProblem() {
        problems(MINIMAL + "cluster: other\n").hasMessageContaining("key 'cluster' appears twice");
    }

    @Test
    void aPatternOfOnesOwnIsADialect() throws Exception {
        Config config = ConfigReader.read(FILE, MINIMAL + "dialect: {pattern: 'shop-(\\d+)-.*'}\n");
        assertThat(config.dialect().globalTransaction("shop-17-a")).contains("17");
        problems(MINIMAL + "dialect: {pattern: 'shop-.*'}\n").hasMessageContaining("0 groups");
    }

    @Test
    void citusIsADialectAndKnownByDefault() throws Exception {
        for (String dialect : List.of("", "dialect: auto\n", "dialect: citus\n")) {
            Config config = ConfigReader.read(FILE, MINIMAL + dialect);
            assertThat(config.dialect().globalTransaction("citus_2_71_9_1")).contains("citus_2_71_9");
        }
        problems(MINIMAL + "dialect: postgres_fdw\n").hasMessageContaining("known are auto, xa, citus, pgdog");
    }

    private static String in(String repository) {
        return MINIMAL.replace("path: repo", repository);
    }

    @Test
    void aRepositoryInABucketHasTheDefaultsOfItsKindOfStore() throws Exception {
        assertThat(ConfigReader.read(FILE, in("s3: {bucket: backups, prefix: shop/one, region: eu-central-1}"))
                        .placement())
                .isEqualTo(Placement.single(new Place.S3(new S3Settings(
                        "backups", "shop/one", null, "eu-central-1", false, S3Settings.Checksums.CRC32, null))));
        assertThat(ConfigReader.read(FILE, in("s3: {bucket: backups, endpoint: 'https://store:9000'}"))
                        .placement())
                .isEqualTo(Placement.single(new Place.S3(new S3Settings(
                        "backups", "", URI.create("https://store:9000"), null, true, S3Settings.Checksums.MD5, null))));
        assertThat(ConfigReader.read(
                                FILE,
                                in(
                                        "s3: {bucket: backups, endpoint: 'http://store', path-style: false, checksums: none}"))
                        .placement())
                .isEqualTo(Placement.single(new Place.S3(new S3Settings(
                        "backups", "", URI.create("http://store"), null, false, S3Settings.Checksums.NONE, null))));
    }

    @Test
    void objectsOfABucketAreLockedInAModeAndForATimeThatAreBothSaid() throws Exception {
        String place = "s3: {bucket: backups, region: x, lock: %s}";
        assertThat(ConfigReader.read(FILE, in(place.formatted("{mode: governance, for: 30d}")))
                        .placement())
                .isEqualTo(Placement.single(new Place.S3(S3Settings.of("backups", "", null, "x")
                        .locking(new ObjectLock(ObjectLock.Mode.GOVERNANCE, Duration.ofDays(30))))));
        problems(in(place.formatted("{mode: governance}"))).hasMessageContaining("lock lacks the key 'for'");
        problems(in(place.formatted("{for: 30d}"))).hasMessageContaining("lock lacks the key 'mode'");
        problems(in(place.formatted("{mode: strict, for: 30d}"))).hasMessageContaining("governance, compliance");
        problems(in(place.formatted("{mode: compliance, for: 2h}"))).hasMessageContaining("1 to 36500 days");
        problems(in(place.formatted("30d"))).hasMessageContaining("lock must be keys with values");
        problems(in("s3: {bucket: backups, region: x, checksums: none, lock: {mode: governance, for: 30d}}"))
                .hasMessageContaining("only objects that come with a checksum");
    }

    @Test
    void aRepositoryInSeveralCopiesIsConfirmedByMoreThanHalf() throws Exception {
        String three =
                "copies: [{name: near, path: a}, {name: far, path: b}, {name: third, s3: {bucket: backups, region: x}}]";
        Placement placement = ConfigReader.read(FILE, in(three)).placement();
        assertThat(placement.copies()).extracting(Placement.Copy::name).containsExactly("near", "far", "third");
        assertThat(placement.confirmations()).isEqualTo(2);
        assertThat(placement.without("near").confirmations()).isEqualTo(1);
        assertThat(ConfigReader.read(FILE, in(three + ", confirmations: 3"))
                        .placement()
                        .confirmations())
                .isEqualTo(3);
        problems(in(three + ", confirmations: 4")).hasMessageContaining("from 1 to the number of copies, 3");
        problems(in("path: repo, confirmations: 1")).hasMessageContaining("belongs to 'copies'");
        problems(in("copies: [{name: near, path: a}]")).hasMessageContaining("at least two");
        problems(in("copies: [{name: near, path: a}, {name: near, path: b}]")).hasMessageContaining("appears twice");
        problems(in("copies: [{name: near, path: a}, {name: far, path: a}]")).hasMessageContaining("same place");
    }

    @Test
    void aRepositoryIsInExactlyOnePlace() {
        problems(in("path: repo, s3: {bucket: backups}")).hasMessageContaining("either 'path' (a folder) or 's3'");
        problems(MINIMAL.replace("path: repo, ", "")).hasMessageContaining("either 'path' (a folder) or 's3'");
    }

    @Test
    void whatIsWrongWithABucketIsToldWithItsPlace() {
        problems(in("s3: {prefix: a}")).hasMessageContaining("s3 lacks the key 'bucket'");
        problems(in("s3: {bucket: 's3://x'}")).hasMessageContaining("line 2, column 27: 's3://x' is not a bucket name");
        problems(in("s3: {bucket: backups, endpoint: 'not a uri'}")).hasMessageContaining("'endpoint' in s3");
        problems(in("s3: {bucket: backups, path-style: maybe}"))
                .hasMessageContaining("'maybe' is neither true nor false");
        problems(in("s3: {bucket: backups, checksums: sha1}")).hasMessageContaining("known are none, md5, crc32");
        problems(in("s3: backups")).hasMessageContaining("s3 must be keys with values");
    }

    @Test
    void credentialsOfABucketAreRefusedAndNeverRepeated() {
        for (String key :
                List.of("access-key", "secret-access-key", "aws_secret_access_key", "session-token", "Password")) {
            problems(in("s3: {bucket: backups, " + key + ": geheim}"))
                    .hasMessageContaining("has a problem:")
                    .hasMessageContaining("credentials do not belong here")
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("geheim"));
        }
        problems(in("s3: {bucket: backups, endpoint: 'https://me:geheim@store'}"))
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("geheim"));
        problems(in("s3: {bucket: backups, endpoint: 'https://me:geheim@store a'}"))
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("geheim"));
    }
}
