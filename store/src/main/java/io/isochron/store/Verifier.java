package io.isochron.store;

import io.isochron.objects.NotARepositoryException;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Rereads a repository and checks that what it holds belongs together. What says what must be there is always read; of the rest what a sample says. Holds one object of each kind at a time. */
final class Verifier {
    private final SealedStore sealed;
    private final MembershipObjects memberships;
    private final KeyRecords keys;
    private Horizon horizon;
    private Membership membership;
    private ClusterIdentity cluster;
    private final Consumer<Finding> sink;
    private final SortedMap<String, Coverage> kinds = new TreeMap<>();
    private final SegmentCheck check;
    private Sampling sampling;
    private long problems;

    /** @param membership what is known of it, in case that its objects have been damaged since */
    Verifier(
            SealedStore sealed,
            MembershipObjects memberships,
            KeyRecords keys,
            Membership membership,
            Horizon horizon,
            Sampling sampling,
            SegmentCheck check,
            Consumer<Finding> sink) {
        this.sealed = sealed;
        this.memberships = memberships;
        this.keys = keys;
        this.membership = membership;
        this.horizon = horizon;
        this.cluster = membership.cluster();
        this.sampling = sampling;
        this.check = check;
        this.sink = sink;
    }

    /** Something that reads, and may find what it reads damaged or missing. */
    interface Reading {
        void run() throws IOException;
    }

    /** Reads the audit log. */
    interface Audit {
        void read(Consumer<Finding> findings) throws IOException;
    }

    VerifySummary run(VerifyScope scope, Audit audit) throws IOException {
        reading(Names.HEADER.value(), sealed::readHeader);
        count(Names.HEADER, sealed.stat(Names.HEADER).map(ObjectInfo::bytes).orElse(0L));
        try {
            if (sampling.bytes() > 0) {
                sampling = sampling.of(sampledBytes(scope));
            }
            keys();
            audit(audit);
            membership();
            retention();
            scrubs();
            if (scope.wal()) {
                new WalVerifier(this, sealed, cluster).run();
            }
            if (scope.snapshots()) {
                new SnapshotVerifier(this, sealed, membership).run();
            }
            if (scope.chronicle()) {
                chronicle();
                ledger();
            }
            if (scope.documents()) {
                sampled("document/", info -> {}, info -> sealed.read(info.name(), ObjectKind.DOCUMENT), NEVER);
            }
            if (scope.equals(VerifyScope.ALL)) {
                reading(
                        "",
                        () -> sealed.findTampered(
                                object -> find(Severity.NOTICE, object.name().value(), object.detail())));
            }
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
        return new VerifySummary(problems, kinds);
    }

    /** How much there is of what a sample is drawn from. */
    private long sampledBytes(VerifyScope scope) throws IOException {
        List<String> prefixes = new ArrayList<>();
        if (scope.wal()) {
            prefixes.add("wal/");
        }
        if (scope.snapshots()) {
            prefixes.add("pack/");
        }
        if (scope.chronicle()) {
            prefixes.addAll(List.of("chronicle/", "ledger/"));
        }
        if (scope.documents()) {
            prefixes.add("document/");
        }
        long sum = 0;
        for (String prefix : prefixes) {
            try (Stream<ObjectInfo> listing = sealed.list(prefix, null)) {
                sum += listing.mapToLong(ObjectInfo::bytes).sum();
            }
        }
        return sum;
    }

    /** Rotations of the key follow each other, and the key that seals is the header's or recorded. */
    private void keys() throws IOException {
        each(Names.KEYS, info -> sealed.stat(info.name()));
        reading(Names.KEYS, () -> {
            KeyHistory history = keys.read().history();
            if (history.whole() && !history.knows(sealed.key().primaryKeyId())) {
                find(
                        Severity.MISSING,
                        Names.key(history.changes().size() + 1L).value(),
                        "key " + sealed.key().primaryKeyId()
                                + " seals, and no record says so: `isochron key rotate` records it, unless its record was removed");
            }
        });
    }

    private void audit(Audit audit) throws IOException {
        each(Names.AUDIT, info -> sealed.stat(info.name()));
        reading(Names.AUDIT, () -> audit.read(finding -> find(finding.severity(), finding.object(), finding.detail())));
    }

    /** Its versions follow each other, and no object is of a shard that they do not know. */
    private void membership() throws IOException {
        MembershipObjects.Chain[] known = {memberships.begin()};
        boolean[] broken = {false};
        each(Names.MEMBERSHIP, info -> {
            if (broken[0]) {
                sealed.read(info.name(), ObjectKind.MEMBERSHIP);
                return;
            }
            broken[0] = true;
            known[0] = memberships.next(known[0], info.name());
            broken[0] = false;
        });
        if (known[0].membership().version() > membership.version()) {
            membership = known[0].membership();
            cluster = membership.cluster();
        }
        if (known[0].membership().version() < membership.version() && !broken[0]) {
            ObjectName next = Names.membership(known[0].membership().version() + 1);
            find(Severity.MISSING, next.value(), "it was there when the repository was opened");
        }
        for (String folder : List.of("wal", "chronicle", "ledger")) {
            ObjectName last = ObjectName.of(folder, Names.shard(cluster.shards().size()), "zzzz");
            try (Stream<ObjectInfo> unknown = sealed.list(folder + "/", last)) {
                unknown.findFirst()
                        .ifPresent(info -> find(
                                Severity.MISSING,
                                Names.membership(membership.version() + 1).value(),
                                "object " + info.name() + " is of a shard that the membership does not know"));
            }
        }
    }

    /** Records of scrubs are numbered without holes. */
    private void scrubs() throws IOException {
        ScrubRecords records = new ScrubRecords(sealed);
        long[] next = {0};
        each(Names.SCRUBS, info -> {
            long number = sequence(info.name());
            if (number != next[0]) {
                find(Severity.MISSING, Names.scrub(next[0]).value(), "scrub record " + number + " is there");
            }
            next[0] = number + 1;
            records.read(number);
        });
    }

    /** Retention records follow each other; leases are what was written. */
    private void retention() throws IOException {
        RetentionRecords records = new RetentionRecords(sealed, sealed.header());
        long[] next = {0};
        String[] previous = {records.origin()};
        each(Names.RETENTION, info -> {
            long number = sequence(info.name());
            if (number != next[0]) {
                find(Severity.MISSING, Names.retention(next[0]).value(), "record " + number + " is there");
            }
            boolean follows = number == next[0];
            next[0] = number + 1;
            String expected = previous[0];
            previous[0] = "";
            RetentionFormat.Linked linked = records.read(number);
            previous[0] = Hashes.sha256(RetentionFormat.encode(linked.record(), linked.previous()));
            if (follows && !expected.isEmpty() && !expected.equals(linked.previous())) {
                throw new ObjectDamagedException(info.name(), "it does not follow the record before it");
            }
        });
        if (next[0] < horizon.nextNumber()) {
            find(Severity.MISSING, Names.retention(next[0]).value(), "it was there when the repository was opened");
        }
        // former steps of leases are removed at any time
        sampled(Names.LEASES, info -> {}, info -> sealed.read(info.name(), ObjectKind.LEASE), NEVER);
    }

    /** Segments of a shard are numbered without holes. */
    private void chronicle() throws IOException {
        for (int number = 1; number <= cluster.shards().size(); number++) {
            int shard = number;
            numbered(
                    shard,
                    Names.chronicle(shard),
                    ObjectKind.CHRONICLE,
                    "chronicle",
                    "segment",
                    sequence -> Names.chronicle(shard, sequence),
                    () -> floor(shard).chronicle(),
                    check);
        }
    }

    /** So are the minutes of its ledger, from 0; parts of minutes and roll-ups need not be there. */
    private void ledger() throws IOException {
        for (int number = 1; number <= cluster.shards().size(); number++) {
            int shard = number;
            numbered(
                    shard,
                    Names.ledger(shard),
                    ObjectKind.LEDGER,
                    "ledger",
                    "entry",
                    entry -> Names.ledger(shard, entry),
                    () -> floor(shard).ledger(),
                    SegmentCheck.NONE);
            sampled(Names.parts(shard), info -> {}, info -> sealed.read(info.name(), ObjectKind.LEDGER), NEVER);
            for (LedgerStore.Rollup rollup : LedgerStore.Rollup.values()) {
                sampled(
                        Names.rollups(shard, rollup.folder),
                        info -> {},
                        info -> sealed.read(info.name(), ObjectKind.LEDGER),
                        NEVER);
            }
        }
    }

    private void numbered(
            int shard,
            String prefix,
            ObjectKind kind,
            String whole,
            String part,
            LongFunction<ObjectName> names,
            LongSupplier floor,
            SegmentCheck understood)
            throws IOException {
        long[] expected = {-1};
        ObjectReading numbers = info -> {
            long sequence = sequence(info.name());
            if (expected[0] >= 0
                    && sequence > expected[0]
                    // what lies below the floor is being removed, in whatever order
                    && sequence > floor.getAsLong()
                    && keptStill(sequence - 1, floor)) {
                find(
                        Severity.MISSING,
                        names.apply(Math.max(expected[0], floor.getAsLong())).value(),
                        whole + " of shard " + cluster.shards().get(shard - 1).name() + " goes on with " + part + " "
                                + sequence);
            }
            expected[0] = sequence + 1;
        };
        sampled(
                prefix,
                numbers,
                info -> {
                    Optional<String> wrong = understood.wrong(sealed.read(info.name(), kind));
                    if (wrong.isPresent()) {
                        throw new ObjectDamagedException(
                                info.name(), "it is what was written, and cannot be understood: " + wrong.get());
                    }
                },
                info -> keptStill(sequence(info.name()), floor));
    }

    /** Whether what is not there is still to be there: it may have been given up since the horizon was read. */
    private boolean keptStill(long sequence, LongSupplier floor) throws IOException {
        horizonNow();
        return sequence >= floor.getAsLong();
    }

    /** What must be there, as far as it is known. */
    Horizon horizon() {
        return horizon;
    }

    /** The same, read again. */
    Horizon horizonNow() throws IOException {
        Horizon now;
        try {
            now = Horizon.of(
                    new RetentionRecords(sealed, sealed.header()).newest().orElse(null));
        } catch (ObjectDamagedException | ObjectNotFoundException e) {
            // a finding of its own; what was known before holds, since no later record keeps more
            return horizon;
        }
        // a copy may lag
        horizon = now.nextNumber() > horizon.nextNumber() ? now : horizon;
        return horizon;
    }

    private RetentionRecord.Floor floor(int shard) {
        return horizon.floor(cluster.shards().get(shard - 1).name());
    }

    private static long sequence(ObjectName name) throws ObjectDamagedException {
        try {
            return Long.parseLong(name.lastSegment());
        } catch (NumberFormatException e) {
            throw new ObjectDamagedException(name, "its name is not that of a numbered object", e);
        }
    }

    /** Something done with each object of a listing. */
    interface ObjectReading {
        void read(ObjectInfo info) throws IOException;
    }

    /** Tells of an object that was listed and is gone whether something says that it must be there. */
    interface Required {
        boolean required(ObjectInfo info) throws IOException;
    }

    /** Nothing refers to it. */
    static final Required NEVER = info -> false;

    /** Reads all objects of a listing, whatever the sample. */
    void each(String prefix, ObjectReading reading) throws IOException {
        try (Stream<ObjectInfo> listing = sealed.list(prefix, null)) {
            for (Iterator<ObjectInfo> i = listing.iterator(); i.hasNext(); ) {
                ObjectInfo info = i.next();
                count(info.name(), info.bytes());
                reading(info.name().value(), () -> reading.read(info));
            }
        }
    }

    /**
     * Looks at all objects of a listing and reads those of the sample.
     *
     * @param structure done with each, whether it is read or not
     * @param content how one is read
     */
    void sampled(String prefix, ObjectReading structure, ObjectReading content, Required required) throws IOException {
        Sampling.Stratum stratum = sampling.stratum(prefix);
        try (Stream<ObjectInfo> listing = sealed.list(prefix, null)) {
            for (Iterator<ObjectInfo> i = listing.iterator(); i.hasNext(); ) {
                ObjectInfo info = i.next();
                boolean sound = reading(info.name().value(), () -> structure.read(info));
                boolean chosen = stratum.choose(info);
                listed(info.name(), info.bytes(), chosen);
                if (chosen && sound) {
                    content(info, content, required);
                }
            }
        }
        if (stratum.instead() instanceof ObjectInfo info) {
            readToo(info.name(), info.bytes());
            content(info, found -> sealed.readPayload(found.name()), required);
        }
    }

    private void content(ObjectInfo info, ObjectReading content, Required required) {
        reading(info.name().value(), () -> {
            try {
                content.read(info);
            } catch (ObjectNotFoundException e) {
                if (!info.name().equals(e.name()) || required.required(info)) {
                    throw e;
                }
            }
        });
    }

    Sampling sampling() {
        return sampling;
    }

    /** Counts an object that is read. */
    void count(ObjectName name, long stored) {
        listed(name, stored, true);
    }

    /** Counts an object that is there. */
    void listed(ObjectName name, long stored, boolean read) {
        count(name, new Coverage(1, stored, read ? 1 : 0, read ? stored : 0));
    }

    /** Counts an object that was listed before and is read after all. */
    void readToo(ObjectName name, long stored) {
        count(name, new Coverage(0, 0, 1, stored));
    }

    private void count(ObjectName name, Coverage one) {
        kinds.merge(name.value().split("/", 2)[0], one, Coverage::plus);
    }

    /** Reads something; whatever is wrong becomes a finding. Returns whether all was well. */
    boolean reading(String object, Reading reading) {
        try {
            reading.run();
            return true;
        } catch (IOException e) {
            failed(object, e);
        } catch (UncheckedIOException e) {
            failed(object, SealedStore.unwrap(e));
        }
        return false;
    }

    private void failed(String object, IOException e) {
        switch (e) {
            case ObjectDamagedException damaged ->
                find(Severity.DAMAGE, name(damaged.name(), object), damaged.reason());
            case ObjectNotFoundException missing ->
                find(Severity.MISSING, name(missing.name(), object), "it is not there");
            case NotARepositoryException missing -> find(Severity.MISSING, object, "it is not there");
            default -> find(Severity.UNKNOWN, object, "it could not be read: " + e.getMessage());
        }
    }

    private static String name(@Nullable ObjectName name, String otherwise) {
        return name == null ? otherwise : name.value();
    }

    void find(Severity severity, String object, String detail) {
        if (severity != Severity.NOTICE) {
            problems++;
        }
        sink.accept(new Finding(severity, object, detail));
    }
}
