package io.isochron.restore;

import io.isochron.store.Repository;
import io.isochron.store.SnapshotInfo;
import io.isochron.store.Snapshots;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The snapshots that a plan may use, and those that it passes over with the reasons. Fewer while more is found to be missing. */
final class SnapshotSelection {
    /** A snapshot turned out not to be whole: what was planned with it is to be planned again without. */
    static final class NotWholeException extends Exception {
        private static final long serialVersionUID = 1;

        private final String id;
        private final String reason;

        NotWholeException(String id, String reason) {
            super("snapshot " + id + ": " + reason);
            this.id = id;
            this.reason = reason;
        }
    }

    private final Repository repository;
    private final SnapshotChoice choice;
    private final List<SnapshotInfo> usable = new ArrayList<>();
    private final Map<String, Passed> passedOver = new LinkedHashMap<>();

    /** Why one is not used, and when it was taken as far as that is known. */
    private record Passed(String reason, @Nullable Instant created) {}

    private SnapshotSelection(Repository repository, SnapshotChoice choice) {
        this.repository = repository;
        this.choice = choice;
    }

    /** @throws PlanRefusedException if a snapshot that was asked for is not there or is damaged */
    static SnapshotSelection of(Repository repository, SnapshotChoice choice) throws IOException {
        Snapshots.Listing readable = repository.snapshots().readable();
        SnapshotSelection selection = new SnapshotSelection(repository, choice);
        List<String> ids = readable.whole().stream().map(SnapshotInfo::id).toList();
        List<String> named = new ArrayList<>(choice.without());
        if (choice.only() != null) {
            named.add(choice.only());
        }
        for (String id : named) {
            String damage = readable.damaged().get(id);
            if (!ids.contains(id) && (damage == null || id.equals(choice.only()))) {
                throw new PlanRefusedException(
                        damage == null
                                ? "the repository has no snapshot " + id
                                : "snapshot " + id + " cannot be used: " + damage,
                        "`isochron info` lists the snapshots");
            }
        }
        if (choice.only() == null) {
            readable.damaged().forEach((id, reason) -> selection.passedOver.put(id, new Passed(reason, null)));
        }
        boolean behind = false;
        for (SnapshotInfo snapshot : readable.whole()) {
            String id = snapshot.id();
            String suspect = choice.suspect().get(id);
            if (choice.without().contains(id)) {
                selection.passedOver.put(id, new Passed("it is not to be used", snapshot.created()));
            } else if (!behind && (choice.only() != null || suspect == null)) {
                selection.usable.add(snapshot);
            } else if (!behind && suspect != null) {
                selection.passedOver.put(id, new Passed(suspect, snapshot.created()));
            }
            behind |= id.equals(choice.only());
        }
        return selection;
    }

    /** Oldest first. */
    List<SnapshotInfo> usable() {
        return usable;
    }

    /** Whether a cut may be restored from this one and those before it. */
    boolean allows(String newest) {
        return choice.only() == null || choice.only().equals(newest);
    }

    /** Takes one out. */
    void passOver(NotWholeException found) {
        Instant created = usable.stream()
                .filter(snapshot -> snapshot.id().equals(found.id))
                .map(SnapshotInfo::created)
                .findFirst()
                .orElse(null);
        usable.removeIf(snapshot -> snapshot.id().equals(found.id));
        passedOver.put(found.id, new Passed(found.reason, created));
    }

    /**
     * Makes sure that what a shard is restored from is there.
     *
     * @throws NotWholeException if something is certainly missing
     */
    void requireWhole(SnapshotInfo snapshot, String shard) throws IOException, NotWholeException {
        Optional<String> missing = repository.snapshots().missing(snapshot, shard);
        if (missing.isPresent()) {
            throw new NotWholeException(snapshot.id(), "object " + missing.get() + " is missing");
        }
    }

    /**
     * In words what a plan passed over: those that would have done as well or better, and those of which that is not known.
     *
     * @param used when the newest snapshot that it uses was taken
     * @param moment what it restores to; null if that is not known
     */
    List<String> passedOver(Instant used, @Nullable Instant moment) {
        return passedOver.entrySet().stream()
                .filter(one -> {
                    Instant created = one.getValue().created();
                    return created == null || (created.isAfter(used) && (moment == null || !created.isAfter(moment)));
                })
                .map(one -> "snapshot " + one.getKey() + ": " + one.getValue().reason())
                .toList();
    }

    /** A refusal that says what was passed over: that may be why. */
    PlanRefusedException refused(PlanRefusedException refusal) {
        List<String> all = passedOver.entrySet().stream()
                .map(one -> "snapshot " + one.getKey() + ": " + one.getValue().reason())
                .toList();
        return all.isEmpty() ? refusal : refusal.because("passed over: " + String.join("; ", all));
    }
}
