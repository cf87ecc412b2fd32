package io.isochron.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Which keys have sealed a repository, as far as the key at hand can read that.
 *
 * @param first id of the key that sealed the header
 * @param created when the repository was made
 * @param changes rotations since, in their order
 * @param whole whether there are no rotations beyond these that the key at hand cannot read
 */
public record KeyHistory(String first, Instant created, List<KeyChange> changes, boolean whole) {
    public KeyHistory {
        changes = List.copyOf(changes);
    }

    /** The id of the key that is to seal. */
    public String current() {
        return changes.isEmpty() ? first : changes.getLast().to();
    }

    /** Whether a key is or was one that is to seal. */
    public boolean knows(String id) {
        return first.equals(id) || change(id).isPresent();
    }

    /** The rotation that brought a key. */
    public Optional<KeyChange> change(String id) {
        return changes.stream().filter(change -> change.to().equals(id)).findFirst();
    }
}
