package io.isochron.store;

import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Rereads a repository and checks that what it holds belongs together. Holds one object of each kind at a time. */
final class Verifier {
    private final SealedStore sealed;
    private final ClusterIdentity cluster;
    private final Consumer<Finding> sink;
    private long objects;
    private long bytes;
    private long problems;

    Verifier(SealedStore sealed, ClusterIdentity cluster, Consumer<Finding> sink) {
        this.sealed = sealed;
        this.cluster = cluster;
        this.sink = sink;
    }

    /** Something that reads, and may find what it reads damaged or missing. */
    interface Reading {
        void run() throws IOException;
    }

    VerifySummary run(VerifyScope scope) throws IOException {
        reading(Names.HEADER.value(), sealed::readHeader);
        objects++;
        try {
            if (scope.wal()) {
                new WalVerifier(this, sealed, cluster).run();
            }
            if (scope.snapshots()) {
                new SnapshotVerifier(this, sealed, cluster).run();
            }
            if (scope.chronicle()) {
                chronicle();
                ledger();
            }
            if (scope.documents()) {
                each("document/", info -> sealed.read(info.name(), ObjectKind.DOCUMENT));
            }
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
        return new VerifySummary(objects, bytes, problems);
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
                    sequence -> Names.chronicle(shard, sequence));
        }
    }

    /** So are the minutes of its ledger, from 0; roll-ups need not be there. */
    private void ledger() throws IOException {
        for (int number = 1; number <= cluster.shards().size(); number++) {
            int shard = number;
            numbered(
                    shard,
                    Names.ledger(shard),
                    ObjectKind.LEDGER,
                    "ledger",
                    "entry",
                    entry -> Names.ledger(shard, entry));
            for (LedgerStore.Rollup rollup : LedgerStore.Rollup.values()) {
                each(Names.rollups(shard, rollup.folder), info -> sealed.read(info.name(), ObjectKind.LEDGER));
            }
        }
    }

    private void numbered(
            int shard, String prefix, ObjectKind kind, String whole, String part, LongFunction<ObjectName> names)
            throws IOException {
        long[] expected = {-1};
        each(prefix, info -> {
            long sequence = sequence(info.name());
            if (expected[0] >= 0 && sequence > expected[0]) {
                find(
                        Severity.MISSING,
                        names.apply(expected[0]).value(),
                        whole + " of shard " + cluster.shards().get(shard - 1).name() + " goes on with " + part + " "
                                + sequence);
            }
            expected[0] = sequence + 1;
            sealed.read(info.name(), kind);
        });
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

    void each(String prefix, ObjectReading reading) throws IOException {
        try (Stream<ObjectInfo> listing = sealed.list(prefix, null)) {
            for (Iterator<ObjectInfo> i = listing.iterator(); i.hasNext(); ) {
                ObjectInfo info = i.next();
                count(info.bytes());
                reading(info.name().value(), () -> reading.read(info));
            }
        }
    }

    /** Counts an object that is read. */
    void count(long stored) {
        objects++;
        bytes += stored;
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
