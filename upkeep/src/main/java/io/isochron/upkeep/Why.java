package io.isochron.upkeep;

import io.isochron.objects.ObjectName;
import io.isochron.store.Horizon;
import io.isochron.store.LeaseState;
import io.isochron.store.Pin;
import io.isochron.store.Repository;
import io.isochron.store.RetentionPromise;
import io.isochron.store.RetentionRecord;
import io.isochron.store.RetentionRecord.Floor;
import io.isochron.store.RetentionRecord.KeptMoment;
import io.isochron.store.RetentionRecord.Positions;
import io.isochron.store.ShardIdentity;
import io.isochron.wal.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Says why an object is kept, or that it is not, by the plan of the moment. */
public final class Why {
    /**
     * An answer.
     *
     * @param kept whether the object is kept
     * @param reasons for people
     */
    public record Answer(boolean kept, List<String> reasons) {
        public Answer {
            reasons = List.copyOf(reasons);
        }
    }

    private final Repository repository;
    private final ExpiryPlan plan;
    private final Horizon horizon;

    public Why(Repository repository, ExpiryPlan plan) {
        this.repository = repository;
        this.plan = plan;
        this.horizon = Horizon.of(plan.record());
    }

    /**
     * @param object its name; whether there is such an object is not looked at
     * @throws IllegalArgumentException if no object of a repository is named so
     */
    public Answer of(ObjectName object) throws IOException {
        List<String> parts = List.of(object.value().split("/"));
        return switch (parts.getFirst()) {
            case "wal" -> parts.getLast().endsWith(".history") ? always("PostgreSQL's timeline histories") : wal(parts);
            case "chronicle", "ledger" -> history(parts);
            case "pack", "manifest", "snapshot" -> snapshot(parts);
            case "isochron-repository" -> always("the header");
            case "member" -> always("who was a member when");
            case "key" -> always("the rotations of the key");
            case "audit" -> always("the audit log");
            case "retention" -> always("what was given up");
            case "document" -> always("documents, such as certificates of cuts");
            case "lease" ->
                new Answer(true, List.of("the last step of a lease is kept, former ones go at the next expiry"));
            default ->
                throw new IllegalArgumentException(
                        "'" + object
                                + "' is not the name of an object of a repository\nhint: `isochron verify` names objects that are damaged; docs/repository-format.md lists all kinds");
        };
    }

    private static Answer always(String what) {
        return new Answer(true, List.of(what + ": kept for as long as the repository"));
    }

    private String shard(String folder) {
        List<ShardIdentity> shards = repository.cluster().shards();
        int number = folder.matches("s\\d{4}") ? Integer.parseInt(folder.substring(1)) : 0;
        if (number < 1 || number > shards.size()) {
            throw new IllegalArgumentException("'" + folder + "' is no shard of the repository\nhint: it has s0001 to s"
                    + String.format(java.util.Locale.ROOT, "%04d", shards.size()));
        }
        return shards.get(number - 1).name();
    }

    private Answer wal(List<String> parts) throws IOException {
        String shard = shard(parts.get(1));
        String[] range = parts.getLast().split("-");
        if (parts.size() != 5 || range.length != 2) {
            throw new IllegalArgumentException("'" + String.join("/", parts) + "' is not the name of a wal object");
        }
        long start = Long.parseUnsignedLong(range[0], 16);
        long end = Long.parseUnsignedLong(range[1], 16);
        Floor floor = horizon.floor(shard);
        List<String> reasons = new ArrayList<>();
        String what = "WAL of shard " + shard + " from " + new Lsn(start) + " to " + new Lsn(end);
        if (Long.compareUnsigned(end, floor.wal()) > 0) {
            reasons.add(what + " is needed to reach every moment of the window: " + window(shard, floor));
        }
        for (KeptMoment kept : horizon.moments()) {
            Positions needed = kept.wal().get(shard);
            if (needed != null && needed.meets(start, end)) {
                reasons.add(what + " is needed for the " + kept.rule() + " moment " + kept.moment()
                        + ", restored from snapshot " + kept.snapshot());
            }
        }
        pins((pin, holder) -> {
            Positions needed = pin.wal().get(shard);
            if (needed != null && needed.meets(start, end)) {
                reasons.add(what + " is being read by " + holder);
            }
        });
        return answer(
                reasons,
                what + " lies before the window, whose replay begins at " + new Lsn(floor.wal())
                        + ", and no single moment needs it");
    }

    private String window(String shard, Floor floor) {
        String base = plan.base().get(shard);
        RetentionPromise promise = plan.record().promise();
        return "the promise is " + promise.describe() + ", counted from "
                + plan.record().counted() + ", so from " + plan.windowFrom() + " on; "
                + (base == null
                        ? "no snapshot serves its beginning yet, so everything is kept"
                        : "its beginning is restored from snapshot " + base + ", whose replay begins at "
                                + new Lsn(floor.wal()));
    }

    private Answer history(List<String> parts) throws IOException {
        String shard = shard(parts.get(1));
        Floor floor = horizon.floor(shard);
        String digits = parts.getLast().split("-")[0];
        long number;
        try {
            number = Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + String.join("/", parts) + "' is not a numbered object", e);
        }
        boolean chronicle = parts.getFirst().equals("chronicle");
        long least = chronicle
                ? floor.chronicle()
                : switch (parts.get(2)) {
                    case "hour" -> floor.hour();
                    case "day" -> Math.ceilDiv(floor.hour(), 24L);
                    default -> floor.ledger();
                };
        String what = (chronicle ? "the chronicle" : "the ledger") + " of shard " + shard;
        return number >= least
                ? new Answer(
                        true,
                        List.of(what + " is kept from " + least
                                + " on, without holes: from before the oldest moment that is kept"))
                : answer(List.of(), what + " before " + least + " is older than every moment that is kept");
    }

    private Answer snapshot(List<String> parts) throws IOException {
        String id = parts.get(1);
        List<String> reasons = new ArrayList<>();
        String kept = plan.kept().get(id);
        if (kept != null && !horizon.dropped(id)) {
            reasons.add("snapshot " + id + " is kept for " + kept);
        }
        RetentionRecord.Sighting seen = plan.record().unpublished().get(id);
        if (seen != null) {
            reasons.add("snapshot " + id + " was begun and not published; it has had " + seen.objects()
                    + " objects since " + seen.since() + ", and is given up when that has been so for a day");
        }
        pins((pin, holder) -> {
            if (pin.snapshots().contains(id)) {
                reasons.add("snapshot " + id + " is being read by " + holder);
            }
        });
        return answer(
                reasons,
                horizon.dropped(id)
                        ? "snapshot " + id + " is older than what the window needs, and no single moment needs it"
                        : "snapshot " + id + " is not known, or was given up before it was published");
    }

    private static Answer answer(List<String> reasons, String otherwise) {
        return reasons.isEmpty()
                ? new Answer(false, List.of(otherwise + "; `isochron expire --apply` removes it"))
                : new Answer(true, reasons);
    }

    @FunctionalInterface
    private interface Pinned {
        void by(Pin pin, String holder);
    }

    private void pins(Pinned pinned) throws IOException {
        for (Map.Entry<LeaseState, Pin> held :
                repository.garbage(horizon).pinsByLease().entrySet()) {
            LeaseState state = held.getKey();
            pinned.by(held.getValue(), "a restore of " + state.holder().describe() + " since " + state.since());
        }
    }
}
