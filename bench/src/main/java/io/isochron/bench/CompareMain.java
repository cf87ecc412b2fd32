package io.isochron.bench;

import java.util.Arrays;
import tools.jackson.databind.json.JsonMapper;

/** {@code bench/compare NAME [options]}: one of our parts against a peer on this machine, ends with one line of JSON. */
public final class CompareMain {
    private CompareMain() {}

    public static void main(String[] args) throws Exception {
        String name = args.length == 0 ? "" : args[0];
        String[] rest = Arrays.copyOfRange(args, Math.min(1, args.length), args.length);
        Object line = switch (name) {
            case "wal-scan" -> {
                Arguments arguments = new Arguments(rest, "mebibytes", "runs", "load");
                yield WalScanComparison.run(
                        arguments.number("mebibytes", 1024),
                        (int) Math.max(3, arguments.number("runs", 5)),
                        RecordedWal.Load.of(arguments.text("load", "batches")),
                        System.err::println);
            }
            default ->
                throw new IllegalArgumentException("comparison '" + name + "' is not known\nhint: known are: wal-scan");
        };
        System.out.println(new JsonMapper().writeValueAsString(line));
    }
}
