package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.StoreException;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/** The retention records of a repository. Only the newest says what is kept; the others tell how it came to that. */
public final class RetentionRecords {
    /** The greatest number of a record. */
    static final long MAX_NUMBER = 99_999_999;

    private final SealedStore sealed;
    private final RepositoryHeader header;
    private final NumberedObjects numbered;

    RetentionRecords(SealedStore sealed, RepositoryHeader header) {
        this.sealed = sealed;
        this.header = header;
        this.numbered = new NumberedObjects(sealed, Names.RETENTION, MAX_NUMBER, Names::retention);
    }

    /**
     * The newest record, or empty if it is certain that there is none.
     *
     * @throws ObjectNotFoundException naming a missing one if there is a later one
     * @throws ObjectDamagedException if it is damaged
     */
    public Optional<RetentionRecord> newest() throws IOException {
        OptionalLong last = numbered.last();
        return last.isEmpty()
                ? Optional.empty()
                : Optional.of(read(last.getAsLong()).record());
    }

    RetentionFormat.Linked read(long number) throws IOException {
        ObjectName name = Names.retention(number);
        RetentionFormat.Linked linked = RetentionFormat.decode(name, sealed.read(name, ObjectKind.RETENTION));
        if (linked.record().number() != number) {
            throw new ObjectDamagedException(
                    name, "it is record " + linked.record().number());
        }
        return linked;
    }

    /** What record 0 names. */
    String origin() {
        return Hashes.sha256(header.identityBytes());
    }

    /**
     * Decides what is kept from now on, durable on return.
     *
     * @throws StoreException if somebody else decided meanwhile, or the record would keep what the one before does not; nothing was changed by this call
     */
    public void append(RetentionRecord record) throws IOException {
        String previous = origin();
        if (record.number() > 0) {
            ObjectName before = Names.retention(record.number() - 1);
            byte[] bytes = sealed.read(before, ObjectKind.RETENTION);
            Horizon known = Horizon.of(RetentionFormat.decode(before, bytes).record());
            known.requireNoMore(record);
            previous = Hashes.sha256(bytes);
        }
        try {
            sealed.create(
                    Names.retention(record.number()), ObjectKind.RETENTION, RetentionFormat.encode(record, previous));
        } catch (ObjectExistsException e) {
            throw new StoreException(
                    "somebody else decided meanwhile what the repository keeps (retention record " + record.number()
                            + ")\nhint: run the command again; it goes on from there",
                    e);
        }
    }
}
