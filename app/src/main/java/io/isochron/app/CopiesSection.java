package io.isochron.app;

import io.isochron.objects.Place;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads where the repository is: {@code path} or {@code s3}, or {@code copies} with {@code confirmations}. */
final class CopiesSection {
    static final Set<String> KEYS = Set.of("copies", "confirmations");

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,30}");

    private final List<String> problems;
    private final PlaceSection places;

    CopiesSection(List<String> problems, PlaceSection places) {
        this.problems = problems;
        this.places = places;
    }

    Placement read(YamlSection repository) {
        if (!repository.has("copies")) {
            if (repository.has("confirmations")) {
                repository.problem("confirmations", "'confirmations' belongs to 'copies', of which there are none");
            }
            return Placement.single(places.read(repository));
        }
        if (repository.has("path") || repository.has("s3")) {
            problems.add(repository.place() + ": a repository has either one place ('path' or 's3') or 'copies'");
        }
        List<Placement.Copy> copies = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Set<Place> seen = new HashSet<>();
        for (YamlNode item : repository.items("copies")) {
            YamlSection copy = YamlSection.of("a copy", item, Set.of("name", "path", "s3"), problems);
            String name = copy.required("name");
            if (!name.isEmpty() && !NAME.matcher(name).matches()) {
                copy.problem("name", "'" + name + "' is not a copy's name (a-z, 0-9 and -, beginning with a letter)");
            }
            if (!name.isEmpty() && !names.add(name)) {
                copy.problem("name", "copy '" + name + "' appears twice");
            }
            Place place = places.read(copy);
            if (!place.equals(PlaceSection.NOWHERE) && !seen.add(place)) {
                copy.problem("name", "copy '" + name + "' is in the same place as another one");
            }
            copies.add(new Placement.Copy(name, place));
        }
        if (copies.size() < 2) {
            repository.problem("copies", "'copies' has at least two entries; give one place as 'path' or 's3'");
            return Placement.single(PlaceSection.NOWHERE);
        }
        int all = copies.size();
        int confirmations =
                repository.value("confirmations", Placement.majority(all), text -> confirmations(text, all));
        return new Placement(List.copyOf(copies), confirmations);
    }

    private static int confirmations(String text, int copies) {
        int number = text.matches("\\d{1,3}") ? Integer.parseInt(text) : 0;
        if (number < 1 || number > copies) {
            throw new IllegalArgumentException("'" + text + "' must be from 1 to the number of copies, " + copies);
        }
        return number;
    }
}
