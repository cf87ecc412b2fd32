package io.isochron.demo;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What can be varied about the demo.
 *
 * @param shards number of production shards, 2 to 8
 * @param postgresMajor major version of the embedded PostgreSQL, 17 or 18
 * @param seed what traffic is drawn from
 * @param keep an empty or absent directory that is to hold everything afterwards, with the restored cluster left in it; null to leave nothing behind
 */
public record DemoOptions(
        int shards, int postgresMajor, long seed, @Nullable Path keep) {
    /** @throws IllegalArgumentException naming the value that is out of range */
    public DemoOptions {
        if (shards < 2 || shards > 8) {
            throw new IllegalArgumentException(
                    "--shards is " + shards
                            + ", it must be 2 to 8\nhint: a cross-shard transaction needs two shards, and this is one machine.");
        }
        if (postgresMajor != 17 && postgresMajor != 18) {
            throw new IllegalArgumentException("--postgres is " + postgresMajor
                    + ", embedded binaries exist for 17 and 18\nhint: your own shards may run 15 to 18.");
        }
    }
}
