package io.isochron.bench;

import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code bench/fences [--warm-up 60] [--seconds 10] [--rounds 5] [--clients 8] [--fences 200] [--restores 2] [--postgres 15]}: two shards in synchronous mode. Compares the throughput of the same clients with one fence a
 * second, without fences, and with {@code pg_receivewal --synchronous} of PostgreSQL 15 in Isochron's place (where it is installed; it takes no server newer than itself); then takes many fences, and looks for a row
 * whose cause is missing.
 */
public final class FencesMain {
    private FencesMain() {}

    /** Ends with one JSON line on standard output. */
    public static void main(String[] args) throws Exception {
        Arguments arguments =
                new Arguments(args, "warm-up", "seconds", "rounds", "clients", "fences", "restores", "postgres");
        FenceBench.Options options = new FenceBench.Options(
                arguments.number("warm-up", 60),
                arguments.number("seconds", 10),
                (int) arguments.number("rounds", 5),
                (int) arguments.number("clients", 8),
                (int) arguments.number("fences", 200),
                (int) arguments.number("restores", 2),
                (int) arguments.number("postgres", 15));
        FenceBench.Result result = FenceBench.run(options);
        List<String> inverted = result.inversions();
        inverted.forEach(System.err::println);
        System.out.println(new JsonMapper().writeValueAsString(result.line()));
        if (!inverted.isEmpty()) {
            System.exit(1);
        }
    }
}
