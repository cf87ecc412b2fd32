package io.isochron.app;

import io.isochron.objects.Place;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Where the repository is: in one place, or in several copies.
 *
 * @param copies one or more, nearest first
 * @param confirmations how many of them must have an object before it counts as durable, 1 to their number
 */
record Placement(List<Copy> copies, int confirmations) {
    /**
     * A copy of the repository.
     *
     * @param name its name; of a repository in one place it is never shown
     * @param place where it is
     */
    record Copy(String name, Place place) {}

    static Placement single(Place place) {
        return new Placement(List.of(new Copy("repository", place)), 1);
    }

    /** More than half: what any two of these have in common is at least one copy. */
    static int majority(int copies) {
        return copies / 2 + 1;
    }

    boolean inOnePlace() {
        return copies.size() == 1;
    }

    Optional<Copy> copy(String name) {
        return copies.stream().filter(copy -> copy.name().equals(name)).findFirst();
    }

    /**
     * What is left when a copy is lost for good. What counted as durable is in at least so many of the others that it is found there, unless one confirmation was enough: then it may have been in the
     * lost copy alone.
     */
    Placement without(String name) {
        List<Copy> left =
                copies.stream().filter(copy -> !copy.name().equals(name)).toList();
        return new Placement(left, Math.max(1, confirmations - 1));
    }

    /** For people. */
    String describe() {
        return inOnePlace()
                ? copies.getFirst().place().describe()
                : copies.stream()
                        .map(copy -> copy.name() + " (" + copy.place().describe() + ")")
                        .collect(Collectors.joining(", "));
    }
}
