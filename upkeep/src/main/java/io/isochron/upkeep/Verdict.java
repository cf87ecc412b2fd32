package io.isochron.upkeep;

import io.isochron.chronicle.RecoverableRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which moments of a cluster can be restored, as far as what was read shows.
 *
 * @param restorable in order, both ends included
 * @param except what the archive is long enough for and damage takes away, in order
 * @param moments the single moments that retention keeps, oldest first; those that can be restored are among {@code restorable}, too, the others among {@code except}
 * @param unknown why nothing can be said; empty if something can. Then nothing is called restorable
 */
public record Verdict(List<RecoverableRange> restorable, List<Loss> except, List<Moment> moments, String unknown) {
    public Verdict {
        restorable = List.copyOf(restorable);
        except = List.copyOf(except);
        moments = List.copyOf(moments);
    }

    /**
     * A single moment that retention keeps.
     *
     * @param rule which promise it is kept for, such as {@code daily}
     * @param because names of objects that it needs and that are damaged or missing; empty if it can be restored
     */
    public record Moment(Instant moment, String rule, List<String> because) {
        public Moment {
            because = List.copyOf(because);
        }

        public boolean restorable() {
            return because.isEmpty();
        }
    }

    /** With single moments besides. */
    Verdict with(List<Moment> single) {
        List<RecoverableRange> ranges = new ArrayList<>();
        List<Loss> losses = new ArrayList<>();
        for (Moment one : single) {
            if (one.restorable()) {
                ranges.add(new RecoverableRange(one.moment(), one.moment()));
            } else {
                losses.add(new Loss(one.moment(), one.moment(), one.because()));
            }
        }
        ranges.addAll(restorable);
        losses.addAll(except);
        losses.sort(Comparator.comparing(Loss::from));
        return new Verdict(ranges, losses, single, unknown);
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
        return new Verdict(List.of(), List.of(), List.of(), why);
    }
}
