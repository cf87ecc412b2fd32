package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.store.AuditEntry.Actor;
import io.isochron.store.AuditEntry.Event;
import io.isochron.store.AuditEntry.Head;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who did what with a repository: entries that are only ever added, each with the hash of the one before. Specified in docs/repository-format.md.
 *
 * <p>An entry can be added whatever happened to those before it, since a damaged log must not keep anyone from restoring: what is wrong is found by {@link AuditReading}.
 */
public final class AuditLog {
    /** Digits of an entry's number in its name. */
    static final long MAX_NUMBER = 9_999_999_999L;

    /** How many entries are looked back for what a host's configuration was. */
    private static final int LOOK_BACK = 64;

    /**
     * What the next entry names.
     *
     * @param sha256 of the content, or, where that could not be opened, of the stored bytes
     * @param unread whether it is the latter
     */
    record Link(long number, String sha256, boolean unread) {}

    private final SealedStore sealed;
    private final RepositoryHeader header;
    private final NumberedObjects numbered;
    private @Nullable Link last;

    AuditLog(SealedStore sealed, RepositoryHeader header) {
        this.sealed = sealed;
        this.header = header;
        this.numbered = new NumberedObjects(sealed, Names.AUDIT, MAX_NUMBER, Names::audit);
    }

    /** What entry 0 names. */
    static Link origin(RepositoryHeader header) {
        return new Link(-1, Hashes.sha256(header.identityBytes()), false);
    }

    /**
     * Adds an entry, durable on return. Where another process took the number, the next one is taken.
     *
     * @param begun number of the entry with which the command began, if this is its end
     * @throws IOException if the store does not take it; it may be there nevertheless
     */
    public synchronized AuditEntry append(
            Instant at,
            Actor by,
            String command,
            List<String> arguments,
            Event event,
            @Nullable Long begun,
            @Nullable Integer exit,
            String detail)
            throws IOException {
        Link before = last == null ? newest() : last;
        while (true) {
            AuditEntry entry = new AuditEntry(
                    before.number() + 1,
                    MembershipObjects.micros(at),
                    by,
                    command,
                    arguments,
                    event,
                    begun,
                    exit,
                    sealed.key().primaryKeyId(),
                    detail);
            byte[] bytes = AuditFormat.encode(entry, before);
            try {
                sealed.create(Names.audit(entry.number()), ObjectKind.AUDIT, bytes);
                last = new Link(entry.number(), Hashes.sha256(bytes), false);
                return entry;
            } catch (ObjectExistsException e) {
                before = link(entry.number());
            }
        }
    }

    /** The newest entry's number and hash; empty if there is none, or it cannot be opened. */
    public Optional<Head> head() throws IOException {
        Link newest = newest();
        return newest.number() < 0 || newest.unread()
                ? Optional.empty()
                : Optional.of(new Head(newest.number(), newest.sha256()));
    }

    /** SHA-256 of the configuration that a host had when it last wrote an entry; empty if that is long ago, or never was. */
    public synchronized Optional<String> configuration(String host) throws IOException {
        last = newest();
        long newest = last.number();
        for (long number = newest; number >= 0 && number > newest - LOOK_BACK; number--) {
            try {
                ObjectName name = Names.audit(number);
                Actor by = AuditFormat.decode(name, sealed.read(name, ObjectKind.AUDIT))
                        .entry()
                        .by();
                if (by.host().equals(host)) {
                    return Optional.of(by.configuration());
                }
            } catch (ObjectDamagedException | KeyRotatedException | ObjectNotFoundException e) {
                // then it says nothing about configurations; reading the log tells
            }
        }
        return Optional.empty();
    }

    private Link newest() throws IOException {
        OptionalLong newest;
        try {
            newest = numbered.last();
        } catch (ObjectNotFoundException | NumberFormatException e) {
            // a hole, or something that is no entry: reading the log tells
            newest = lastListed();
        }
        return newest.isEmpty() ? origin(header) : link(newest.getAsLong());
    }

    /** Behind all holes. */
    private OptionalLong lastListed() throws IOException {
        try (Stream<ObjectInfo> all = sealed.list(Names.AUDIT, null)) {
            return all.mapToLong(info -> Names.auditNumber(info.name()))
                    .filter(number -> number >= 0)
                    .max();
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
    }

    private Link link(long number) throws IOException {
        ObjectName name = Names.audit(number);
        try {
            return new Link(number, Hashes.sha256(sealed.read(name, ObjectKind.AUDIT)), false);
        } catch (ObjectDamagedException | KeyRotatedException e) {
            return new Link(number, Hashes.sha256(sealed.readStored(name)), true);
        }
    }
}
