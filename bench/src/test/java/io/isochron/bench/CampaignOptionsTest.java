package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class CampaignOptionsTest {
    private static final CampaignOptions THREE_SHARDS =
            CampaignOptions.of(17, 1).withShards(3);

    @Test
    void everyShardCanFailOverOnceAndMoreFailoversAreRefused() {
        assertThat(THREE_SHARDS.withFailovers(3).failovers()).isEqualTo(3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> THREE_SHARDS.withFailovers(4))
                .withMessageContaining("--failovers is 4, expected a number from 0 to 3")
                .withMessageContaining("hint: ");
    }

    @Test
    void failoversAreRefusedWhereClientsOrClocksDoNotGoAlongWithThem() {
        CampaignOptions narayana = THREE_SHARDS.withCoordinator(CampaignOptions.Coordinator.NARAYANA);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> narayana.withFailovers(1))
                .withMessageContaining("--coordinator narayana");
        CampaignOptions skewed = THREE_SHARDS.withSkewSeconds(5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> skewed.withFailovers(1))
                .withMessageContaining("--skew 5");
    }

    @Test
    void fencesCloserThanCaptureTakesThemAreRefused() {
        assertThat(THREE_SHARDS.withFenceMillis(50).fenceMillis()).isEqualTo(50);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> THREE_SHARDS.withFenceMillis(49))
                .withMessageContaining("--fences is 49, expected 0 or milliseconds from 50");
    }
}
