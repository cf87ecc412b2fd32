package io.isochron.store;

import java.util.Locale;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Which objects a verification reads of those that it need not read for the structure: WAL pieces, chronicle segments, ledger entries, packs and documents.
 *
 * <p>A sample is stratified by kind and shard: of every so many objects that follow each other in a listing one is read, which one is random, and of each stratum at least one. So no kind and no stretch
 * is left out, and what is read is a matter of the seed and the objects' names alone. The share is one of objects, and so of bytes only on average.
 *
 * @param share of objects to read, above 0; 1 and more is all
 * @param bytes about so many to read instead of a share; 0 if the share says it
 * @param seed of the random choice
 */
public record Sampling(double share, long bytes, long seed) {
    /** Everything is read. */
    public static final Sampling ALL = new Sampling(1, 0, 0);

    public Sampling {
        if (!(share > 0) || bytes < 0) {
            throw new IllegalArgumentException("a sample of " + share + " or " + bytes
                    + " bytes reads nothing\nhint: give a share above 0, such as 5%, or a size such as 10GiB");
        }
    }

    /** A share of all objects of each kind and shard, such as 0.05. */
    public static Sampling share(double share, long seed) {
        return new Sampling(share, 0, seed);
    }

    /** About so many bytes. */
    public static Sampling bytes(long bytes, long seed) {
        return new Sampling(1, Math.max(1, bytes), seed);
    }

    /** True if everything is read. */
    public boolean all() {
        return share >= 1 && bytes == 0;
    }

    /** The same as a share, once it is known how much there is. */
    Sampling of(long allBytes) {
        return bytes == 0 ? this : share(allBytes <= bytes ? 1 : (double) bytes / allBytes, seed);
    }

    /** Begins to choose among the objects of a kind and shard. */
    Stratum stratum(String name) {
        return new Stratum(share, new SplittableRandom(seed * 0x9E3779B97F4A7C15L + name.hashCode()));
    }

    @Override
    public String toString() {
        String size = bytes > 0
                ? bytes + " bytes"
                : share >= 1 ? "everything" : String.format(Locale.ROOT, "%.3g %%", 100 * share);
        return all() ? size : "a sample of " + size + ", seed " + seed;
    }

    /** Chooses among objects that are shown to it one after another. */
    static final class Stratum {
        private final double share;
        private final SplittableRandom random;
        private long shown;
        private long block = -1;
        private long next = -1;
        private boolean chose;
        private @Nullable Object instead;

        private Stratum(double share, SplittableRandom random) {
            this.share = share;
            this.random = random;
            advance();
        }

        /** The next block's choice; blocks need not be whole objects long, so that two may choose the same. */
        private void advance() {
            long before = next;
            while (next <= before) {
                block++;
                next = (long) ((block + random.nextDouble()) / share);
            }
        }

        /** Whether the next object is to be read. */
        boolean choose(Object object) {
            long index = shown++;
            if (share >= 1) {
                chose = true;
                return true;
            }
            if (index == next) {
                advance();
                chose = true;
                instead = null;
                return true;
            }
            if (!chose && random.nextLong(shown) == 0) {
                instead = object;
            }
            return false;
        }

        /** What is to be read because nothing else of it was: one at random; null if something was read, or there is nothing. */
        @Nullable
        Object instead() {
            return chose ? null : instead;
        }
    }
}
