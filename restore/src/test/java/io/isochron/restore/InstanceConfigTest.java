package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InstanceConfigTest {

    private static InstanceConfig config(
            Map<String, String> primary, Optional<InstanceConfig.Feed> feed, boolean readOnly) {
        return new InstanceConfig(
                "shard 1", 17, "/tmp/s", "/t/hba", "/t/ident", primary, 64, feed, true, false, readOnly);
    }

    @Test
    void everythingThatReachesOutsideIsOff() {
        assertThat(config(Map.of(), Optional.empty(), true).settings())
                .containsEntry("listen_addresses", "")
                .containsEntry("archive_mode", "off")
                .containsEntry("archive_command", "")
                .containsEntry("restore_command", "")
                .containsEntry("primary_conninfo", "")
                .containsEntry("primary_slot_name", "")
                .containsEntry("shared_preload_libraries", "")
                .containsEntry("synchronous_standby_names", "")
                .containsEntry("max_logical_replication_workers", "0")
                .containsEntry("event_triggers", "off")
                .containsEntry("default_transaction_read_only", "on");
    }

    @Test
    void sizesThatReplayDemandsAreAtLeastThoseOfThePrimary() {
        assertThat(config(
                                Map.of(
                                        "max_connections",
                                        "500",
                                        "max_prepared_transactions",
                                        "3",
                                        "max_worker_processes",
                                        "1"),
                                Optional.empty(),
                                true)
                        .settings())
                .containsEntry("max_connections", "500")
                .containsEntry("max_prepared_transactions", "3")
                .containsEntry("max_worker_processes", "8");
    }

    @Test
    void aSizeThatIsNoNumberIsNamed() {
        Map<String, String> primary = Map.of("max_connections", "many");
        assertThatThrownBy(() -> config(primary, Optional.empty(), true).settings())
                .hasMessageContaining("max_connections")
                .hasMessageContaining("many");
    }

    @Test
    void theOnlyPrimaryIsTheFeedAndItsPasswordIsNotInTheConfiguration() {
        InstanceConfig.Feed feed = new InstanceConfig.Feed("127.0.0.1", 4711, "isochron", "/it's/pass");
        String text = config(Map.of(), Optional.of(feed), true).text();
        assertThat(text)
                .contains(
                        "primary_conninfo = 'host=127.0.0.1 port=4711 user=isochron passfile=''/it\\\\''s/pass'' sslmode=disable")
                .doesNotContain("password");
    }

    @Test
    void afterTheReleaseTransactionsMayWriteAndAutovacuumRuns() {
        assertThat(config(Map.of(), Optional.empty(), false).settings())
                .containsEntry("default_transaction_read_only", "off")
                .containsEntry("autovacuum", "on")
                .containsEntry("listen_addresses", "");
    }

    @Test
    void oldSettingsOfTheOriginalStayAsComments() {
        String annotated = AutoConf.annotated(
                "# Do not edit\narchive_command = 'rsync %p prod:'\n\nprimary_conninfo = 'host=prod'\n");
        assertThat(annotated.lines().filter(line -> !line.startsWith("#") && !line.isBlank()))
                .isEmpty();
        assertThat(annotated)
                .contains("#archive_command = 'rsync %p prod:'")
                .contains("#primary_conninfo = 'host=prod'");
    }
}
