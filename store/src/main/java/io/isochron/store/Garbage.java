package io.isochron.store;

import io.isochron.objects.CrashPoint;
import io.isochron.objects.LockRenewal;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectLockedException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.Renewal;
import io.isochron.objects.StoreRefusedException;
import io.isochron.store.RetentionRecord.Floor;
import io.isochron.store.RetentionRecord.Positions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a horizon does not keep and nobody is reading: found by listing, in an order in which removing it can stop anywhere, be done twice, or by two at once. Nothing above a floor is listed, so finding
 * costs what is below.
 */
public final class Garbage {
    /** What an object is. */
    public enum Part {
        WAL,
        CHRONICLE,
        LEDGER,
        /** Packs and manifests of snapshots that are not kept, then what published them. */
        SNAPSHOT,
        /** Packs and manifests of snapshots that were given up before they were published. */
        UNPUBLISHED,
        /** Former steps of leases. */
        LEASE
    }

    private static final int RENEWALS_AT_ONCE = 16;

    /** Gets objects that are not kept. */
    @FunctionalInterface
    public interface Visitor {
        void found(Part part, ObjectInfo object) throws IOException;
    }

    private final SealedStore sealed;
    private final Membership membership;
    private final Horizon horizon;

    Garbage(SealedStore sealed, Membership membership, Horizon horizon) {
        this.sealed = sealed;
        this.membership = membership;
        this.horizon = horizon;
    }

    /** What is being read by others now; whoever begins to read after the horizon was recorded looks at the horizon. */
    public List<Pin> pins() throws IOException {
        return List.copyOf(pinsByLease().values());
    }

    /** The same, with who reads it. */
    public Map<LeaseState, Pin> pinsByLease() throws IOException {
        Map<LeaseState, Pin> pins = new LinkedHashMap<>();
        for (LeaseState state : new Leases(sealed).all(Pin.RESOURCE)) {
            if (state.held()) {
                pins.put(state, Pin.fromJson(state.detail()));
            }
        }
        return pins;
    }

    /**
     * Shows everything that may be removed.
     *
     * @param pins what is not to be, though it is not kept
     */
    public void each(List<Pin> pins, Visitor visitor) throws IOException {
        try {
            for (ShardIdentity shard : membership.cluster().shards()) {
                Floor floor = horizon.floor(shard.name());
                int number = membership.cluster().number(shard.name());
                wal(shard.name(), number, floor, pins, visitor);
                numbered(Names.chronicle(number), floor.chronicle(), Part.CHRONICLE, visitor);
                numbered(Names.ledger(number), floor.ledger(), Part.LEDGER, visitor);
                numbered(Names.parts(number), floor.ledger(), Part.LEDGER, visitor);
                numbered(Names.rollups(number, LedgerStore.Rollup.HOUR.folder), floor.hour(), Part.LEDGER, visitor);
                numbered(
                        Names.rollups(number, LedgerStore.Rollup.DAY.folder),
                        Math.ceilDiv(floor.hour(), 24L),
                        Part.LEDGER,
                        visitor);
            }
            snapshots(pins, visitor);
            leases(visitor);
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
    }

    private void wal(String shard, int number, Floor floor, List<Pin> pins, Visitor visitor) throws IOException {
        WalArchive archive = new WalArchive(sealed, membership.cluster());
        for (int timeline : archive.timelines(shard)) {
            try (Stream<ObjectInfo> pieces = sealed.list(Names.walTimeline(number, timeline) + "/", null)) {
                for (Iterator<ObjectInfo> i = pieces.iterator(); i.hasNext(); ) {
                    ObjectInfo piece = i.next();
                    WalRange range = WalArchive.range(shard, timeline, piece.name());
                    if (Long.compareUnsigned(range.start(), floor.wal()) >= 0) {
                        break;
                    }
                    if (!horizon.keepsWal(shard, range.start(), range.end())
                            && pins.stream().noneMatch(pin -> meets(pin.wal().get(shard), range))) {
                        visitor.found(Part.WAL, piece);
                    }
                }
            }
        }
    }

    private static boolean meets(@Nullable Positions pinned, WalRange range) {
        return pinned != null && pinned.meets(range.start(), range.end());
    }

    private void numbered(String prefix, long floor, Part part, Visitor visitor) throws IOException {
        try (Stream<ObjectInfo> objects = sealed.list(prefix, null)) {
            for (Iterator<ObjectInfo> i = objects.iterator(); i.hasNext(); ) {
                ObjectInfo object = i.next();
                String digits = object.name().lastSegment();
                int dash = digits.indexOf('-');
                if (Long.parseLong(dash < 0 ? digits : digits.substring(0, dash)) >= floor) {
                    return;
                }
                visitor.found(part, object);
            }
        }
    }

    private void snapshots(List<Pin> pins, Visitor visitor) throws IOException {
        Snapshots snapshots = new Snapshots(sealed, membership, new AuditLog(sealed, sealed.header()), horizon);
        for (String id : snapshots.allIds()) {
            boolean pinned = pins.stream().anyMatch(pin -> pin.snapshots().contains(id));
            if (horizon.dropped(id) && !pinned) {
                belonging(id, Part.SNAPSHOT, visitor);
                CrashPoint.reached("expire.packs");
                ObjectInfo itself = sealed.stat(Names.snapshot(id)).orElse(null);
                if (itself != null) {
                    visitor.found(Part.SNAPSHOT, itself);
                }
            } else if (hasObjects(id) && snapshots.givenUp(id)) {
                belonging(id, Part.UNPUBLISHED, visitor);
            }
        }
    }

    private boolean hasObjects(String id) throws IOException {
        for (String folder : List.of("pack/", "manifest/")) {
            try (Stream<ObjectInfo> objects = sealed.list(folder + id + "/", null)) {
                if (objects.findFirst().isPresent()) {
                    return true;
                }
            }
        }
        return false;
    }

    private void belonging(String id, Part part, Visitor visitor) throws IOException {
        for (String folder : List.of("pack/", "manifest/")) {
            try (Stream<ObjectInfo> objects = sealed.list(folder + id + "/", null)) {
                for (Iterator<ObjectInfo> i = objects.iterator(); i.hasNext(); ) {
                    visitor.found(part, i.next());
                }
            }
        }
    }

    /** All steps of a lease but the last; of something that was read to its end that one, too. */
    private void leases(Visitor visitor) throws IOException {
        Leases leases = new Leases(sealed);
        for (LeaseState state : leases.all("")) {
            ObjectName last = Names.lease(state.resource(), state.number());
            boolean over = state.resource().startsWith(Pin.RESOURCE) && state.event() == LeaseState.Event.RELEASED;
            try (Stream<ObjectInfo> steps = sealed.list(Names.LEASES + state.resource() + "/", null)) {
                for (Iterator<ObjectInfo> i = steps.iterator(); i.hasNext(); ) {
                    ObjectInfo step = i.next();
                    int order = step.name().compareTo(last);
                    if (order < 0 || (over && order == 0)) {
                        visitor.found(Part.LEASE, step);
                    }
                }
            }
        }
    }

    /**
     * Renews the locks of everything that is kept, in stores that lock objects; what is not kept is left to run out.
     *
     * @param cancelled asked between objects
     * @return what came of it; empty if the store does not lock objects
     */
    public Optional<LockRenewal.Summary> renewLocks(BooleanSupplier cancelled) throws IOException {
        if (sealed.renew(Names.HEADER) == Renewal.NO_LOCK) {
            return Optional.empty();
        }
        // those that were given up are not among them
        Set<String> snapshots = new HashSet<>();
        new Snapshots(sealed, membership, new AuditLog(sealed, sealed.header()), horizon)
                .list()
                .forEach(info -> snapshots.add(info.id()));
        Kept kept = new Kept(membership, horizon, snapshots);
        try (Stream<ObjectInfo> all = sealed.list("", null)) {
            return Optional.of(sealed.renewal(RENEWALS_AT_ONCE)
                    .run(all.map(ObjectInfo::name).filter(kept::keeps), cancelled));
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
    }

    /** The ids of snapshots that have packs or manifests and no name, with how many such objects there are of each. */
    public Map<String, Long> unpublished() throws IOException {
        try {
            return new UnpublishedSnapshots(sealed)
                    .count(new Snapshots(sealed, membership, new AuditLog(sealed, sealed.header()), horizon).allIds());
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
    }

    /**
     * Removes an object that {@link #each} found; one that is gone already is gone.
     *
     * @throws StoreRefusedException if the store does not let go of it, now or ever
     * @throws ObjectLockedException if it is locked until some time
     */
    public void remove(Part part, ObjectInfo object) throws IOException {
        CrashPoint.reached("expire." + part.name().toLowerCase(java.util.Locale.ROOT));
        try {
            sealed.delete(object.name());
        } catch (ObjectNotFoundException e) {
            // somebody else removed it
        }
    }
}
