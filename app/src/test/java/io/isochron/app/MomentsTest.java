package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.chronicle.Target;
import io.isochron.wal.Lsn;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MomentsTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    @ParameterizedTest
    @CsvSource({
        "2026-11-22T14:03:07.123456Z, 2026-11-22T14:03:07.123456Z",
        "2026-11-22 15:03:07+01:00, 2026-11-22T14:03:07Z",
        "2026-11-22 15:03+01, 2026-11-22T14:03:00Z",
        "2026-11-22T19:33:07+0530, 2026-11-22T14:03:07Z",
        "2026-07-01 12:00:00 Europe/Berlin, 2026-07-01T10:00:00Z",
        "2026-07-01T12:00:00[Europe/Berlin], 2026-07-01T10:00:00Z",
        "2026-07-01T12:00:00 UTC, 2026-07-01T12:00:00Z",
    })
    void aMomentWithAZoneOrAnOffsetIsRead(String text, Instant moment) throws Exception {
        assertThat(Moments.parse(text, BERLIN)).isEqualTo(moment);
    }

    @Test
    void aTimeWithoutAZoneIsRefusedWithTheTwoLikelyReadings() {
        assertThatThrownBy(() -> Moments.parse("2026-11-22 14:03:07", BERLIN))
                .isInstanceOfSatisfying(AppException.class, e -> {
                    assertThat(e.code()).isEqualTo(ExitCode.USAGE);
                    assertThat(e).hasMessage("'2026-11-22 14:03:07' has no time zone");
                    assertThat(e.hint())
                            .contains("2026-11-22T14:03:07Z (as UTC)")
                            .contains("2026-11-22T14:03:07+01:00 (as Europe/Berlin, the zone of this machine)");
                });
    }

    @Test
    void aTimeThatHappenedTwiceOrNotAtAllIsRefused() {
        assertThatThrownBy(() -> Moments.parse("2026-10-25 02:30:00 Europe/Berlin", BERLIN))
                .hasMessageContaining("happened twice")
                .isInstanceOfSatisfying(
                        AppException.class,
                        e -> assertThat(e.hint())
                                .contains("2026-10-25T02:30:00+02:00")
                                .contains("2026-10-25T02:30:00+01:00"));
        assertThatThrownBy(() -> Moments.parse("2026-03-29 02:30:00 Europe/Berlin", BERLIN))
                .hasMessageContaining("does not exist");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "yesterday",
                "2026-11-22",
                "2026-13-01T00:00:00Z",
                "2026-11-22T25:00:00Z",
                "14:03:07Z",
                "1763820187",
                "2026-11-22T14:03:07 Mars/Olympus"
            })
    void whatIsNoMomentIsRefused(String text) {
        assertThatThrownBy(() -> Moments.parse(text, BERLIN))
                .isInstanceOfSatisfying(
                        AppException.class, e -> assertThat(e.hint()).isNotEmpty());
    }

    @Test
    void targetsAreReadInAllForms() throws Exception {
        List<String> shards = List.of("a", "b");
        assertThat(Targets.parse("latest", shards, BERLIN)).isEqualTo(new Target.Latest());
        assertThat(Targets.parse("before:b:4294967295", shards, BERLIN))
                .isEqualTo(new Target.BeforeTransaction("b", -1));
        assertThat(Targets.parse("2026-11-22T14:03:07Z", shards, BERLIN))
                .isEqualTo(new Target.Time(Instant.parse("2026-11-22T14:03:07Z")));
        assertThat(Targets.parse("after:a:700", shards, BERLIN)).isEqualTo(new Target.AfterTransaction("a", 700));
        assertThat(Targets.parse("point:before release", shards, BERLIN))
                .isEqualTo(new Target.NamedRestorePoint("before release"));
        assertThat(Targets.parse("fence:17", shards, BERLIN)).isEqualTo(new Target.AtFence(17));
        assertThat(Targets.parse("fence:before:2026-11-22T14:03:07Z", shards, BERLIN))
                .isEqualTo(new Target.FenceBefore(Instant.parse("2026-11-22T14:03:07Z")));
        assertThat(Targets.parse("lsn:a=0/10,b=1/0", shards, BERLIN))
                .isEqualTo(Target.Positions.of(java.util.Map.of("a", new Lsn(16), "b", new Lsn(1L << 32))));
        assertThatThrownBy(() -> Targets.parse("lsn:a=0/10", shards, BERLIN))
                .hasMessageContaining("does not name a position for every shard");
        assertThatThrownBy(() -> Targets.parse("fence:x", shards, BERLIN)).hasMessageContaining("names no fence");
        assertThatThrownBy(() -> Targets.parse("before:c:700", shards, BERLIN)).hasMessageContaining("shard c");
        assertThatThrownBy(() -> Targets.parse("before:a:2", shards, BERLIN))
                .hasMessageContaining("names no transaction");
        assertThatThrownBy(() -> Targets.parse("before:a", shards, BERLIN))
                .hasMessageContaining("names no transaction");
    }

    @Test
    void durationsAndSizesAreForPeople() {
        assertThat(Units.duration("500ms").toMillis()).isEqualTo(500);
        assertThat(Units.duration("2w").toDays()).isEqualTo(14);
        assertThatThrownBy(() -> Units.duration("5 minutes")).hasMessageContaining("is not a duration");
        assertThat(Units.bytes(1023)).isEqualTo("1023 B");
        assertThat(Units.bytes(1536)).isEqualTo("1.50 KiB");
        assertThat(Units.bytes(123L << 20)).isEqualTo("123 MiB");
        assertThat(Units.bytes(Long.MAX_VALUE)).endsWith(" PiB");
        assertThat(Units.millis(245_000)).isEqualTo("4 min 05 s");
    }
}
