package io.isochron.bench;

import java.time.Duration;
import tools.jackson.databind.json.JsonMapper;

/** {@code bench/campaign --seed S --restores N --postgres V [--shards 3] [--load-seconds 30]}. */
public final class CampaignMain {
    private CampaignMain() {}

    /** Ends with one JSON line on standard output, and exit code 0 only if nothing was torn and nothing failed. */
    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args, "seed", "restores", "postgres", "shards", "load-seconds");
        Campaign.Result result = Campaign.run(
                (int) arguments.number("shards", 3),
                (int) arguments.number("postgres", 17),
                arguments.number("seed", System.nanoTime()),
                (int) arguments.number("restores", 10),
                Duration.ofSeconds(arguments.number("load-seconds", 30)),
                System.err::println);
        System.out.println(new JsonMapper().writeValueAsString(result));
        System.exit(result.torn() + result.failed() == 0 ? 0 : 1);
    }
}
