package io.isochron.bench;

import java.time.Duration;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code bench/campaign --seed S --restores N --postgres V [--shards 3] [--load-seconds 30] [--coordinator xa|narayana|citus|shardingsphere] [--skew SECONDS] [--failovers N] [--fences MILLIS]}.
 */
public final class CampaignMain {
    private CampaignMain() {}

    /** Ends with one JSON line on standard output, and exit code 0 only if nothing was torn and nothing failed. */
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(
                args,
                "seed",
                "restores",
                "postgres",
                "shards",
                "load-seconds",
                "coordinator",
                "skew",
                "failovers",
                "fences");
        CampaignOptions options = CampaignOptions.of(
                        (int) arguments.number("postgres", 17), arguments.number("seed", System.nanoTime()))
                .withShards((int) arguments.number("shards", 3))
                .withRestores((int) arguments.number("restores", 10))
                .withLoad(Duration.ofSeconds(arguments.number("load-seconds", 30)))
                .withCoordinator(CampaignOptions.Coordinator.of(arguments.text("coordinator", "xa")))
                .withSkewSeconds((int) arguments.number("skew", 0))
                .withFailovers((int) arguments.number("failovers", 0))
                .withFenceMillis((int) arguments.number("fences", 0));
        if (options.coordinator() == CampaignOptions.Coordinator.SHARDINGSPHERE) {
            ShardingSphereTraffic.libraries();
        }
        Campaign.Result result = Campaign.run(options, System.err::println);
        System.out.println(new JsonMapper().writeValueAsString(result));
        System.exit(result.torn() + result.failed() == 0 ? 0 : 1);
    }
}
