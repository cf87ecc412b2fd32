package io.isochron.upkeep;

import io.isochron.chronicle.RecoverableRange;
import java.time.Instant;
import java.util.List;

/**
 * Which moments of a cluster can be restored, as far as what was read shows.
 *
 * @param restorable in order, both ends included
 * @param except what the archive is long enough for and damage takes away, in order
 * @param unknown why nothing can be said; empty if something can. Then nothing is called restorable
 */
public record Verdict(List<RecoverableRange> restorable, List<Loss> except, String unknown) {
    public Verdict {
        restorable = List.copyOf(restorable);
        except = List.copyOf(except);
    }

    /**
     * Moments that cannot be restored.
     *
     * @param from first moment
     * @param to last moment
     * @param because names of objects that are damaged or missing
     */
    public record Loss(Instant from, Instant to, List<String> because) {
        public Loss {
            because = List.copyOf(because);
        }
    }

    /** What can be said if it cannot be told. */
    static Verdict unknown(String why) {
        return new Verdict(List.of(), List.of(), why);
    }
}
