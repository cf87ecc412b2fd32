package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.store.AuditEntry.Anchor;
import io.isochron.store.AuditEntry.Head;
import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the audit log from its beginning, and checks that the entries follow each other and are what was noted of them. For one use. */
final class AuditReading {
    private final SealedStore sealed;
    private final Consumer<AuditEntry> entries;
    private final Consumer<Finding> findings;
    private final Map<Long, List<Anchor>> anchors;
    private long expected;
    /** The entry before; null where it is missing. */
    private AuditLog.@Nullable Link previous;
    /** Whether the content of the entry before is known. */
    private boolean readable = true;

    private @Nullable Head head;

    /**
     * @param anchors what was noted elsewhere of entries
     * @param entries is given every entry that can be read
     * @param findings is told whatever is wrong
     */
    AuditReading(
            SealedStore sealed,
            RepositoryHeader header,
            Collection<Anchor> anchors,
            Consumer<AuditEntry> entries,
            Consumer<Finding> findings) {
        this.sealed = sealed;
        this.previous = AuditLog.origin(header);
        this.anchors = anchors.stream()
                .collect(Collectors.groupingBy(anchor -> anchor.head().number(), TreeMap::new, Collectors.toList()));
        this.entries = entries;
        this.findings = findings;
    }

    /**
     * Reads everything.
     *
     * @return the newest entry that could be read; empty if there is none
     * @throws IOException if the store does not answer: then nothing is known
     */
    Optional<Head> run() throws IOException {
        try (Stream<ObjectInfo> listing = sealed.list(Names.AUDIT, null)) {
            for (Iterator<ObjectInfo> i = listing.iterator(); i.hasNext(); ) {
                ObjectName name = i.next().name();
                long number = Names.auditNumber(name);
                if (number < 0) {
                    find(Severity.DAMAGE, name, "its name is not that of an entry of the audit log");
                }
                if (number < expected) {
                    // it was read before the listing came to it
                    continue;
                }
                // a listing may lack what was created while it was made
                while (expected < number && sealed.exists(Names.audit(expected))) {
                    read(expected);
                }
                if (expected < number) {
                    find(
                            Severity.MISSING,
                            Names.audit(expected),
                            (number - expected == 1
                                            ? "entry " + expected + " is"
                                            : "entries " + expected + " to " + (number - 1) + " are")
                                    + " not there, and the audit log goes on with entry " + number);
                    previous = null;
                }
                read(number);
            }
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
        // whatever was noted of an entry that is not there
        anchors.forEach((number, noted) -> noted.forEach(anchor -> find(
                Severity.MISSING,
                Names.audit(number),
                "entry " + number + " is not there, and " + anchor.where() + " knows it")));
        return Optional.ofNullable(head);
    }

    private void read(long number) throws IOException {
        ObjectName name = Names.audit(number);
        expected = number + 1;
        List<Anchor> noted = anchors.remove(number);
        byte[] bytes;
        AuditFormat.Linked linked;
        try {
            bytes = sealed.read(name, ObjectKind.AUDIT);
            linked = AuditFormat.decode(name, bytes);
        } catch (ObjectDamagedException e) {
            find(Severity.DAMAGE, name, e.reason());
            unreadable(number);
            return;
        } catch (KeyRotatedException e) {
            find(
                    Severity.UNKNOWN,
                    name,
                    String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            unreadable(number);
            return;
        }
        if (linked.entry().number() != number) {
            find(
                    Severity.DAMAGE,
                    name,
                    "it says that it is entry " + linked.entry().number());
        }
        link(name, linked.previous());
        head = new Head(number, Hashes.sha256(bytes));
        previous = new AuditLog.Link(number, head.sha256(), false);
        readable = true;
        if (noted != null) {
            for (Anchor anchor : noted) {
                if (!anchor.head().sha256().equals(head.sha256())) {
                    find(Severity.DAMAGE, name, "it is another entry than the one that " + anchor.where() + " knows");
                }
            }
        }
        entries.accept(linked.entry());
    }

    private void unreadable(long number) {
        previous = new AuditLog.Link(number, "", true);
        readable = false;
    }

    private void link(ObjectName name, AuditLog.Link says) throws IOException {
        AuditLog.Link before = previous;
        if (before == null || (!says.unread() && !readable)) {
            // what is missing or damaged was told, and cannot be compared
            return;
        }
        if (says.unread()) {
            if (!Hashes.sha256(sealed.readStored(Names.audit(before.number()))).equals(says.sha256())) {
                find(
                        Severity.NOTICE,
                        name,
                        "it was written while entry " + before.number()
                                + " could not be opened, and that one has other bytes since");
            }
        } else if (!before.sha256().equals(says.sha256())) {
            find(
                    Severity.DAMAGE,
                    name,
                    "it follows another " + (before.number() < 0 ? "header" : "entry " + before.number())
                            + " than the one that is there");
        }
    }

    private void find(Severity severity, ObjectName name, String detail) {
        findings.accept(new Finding(severity, name.value(), detail));
    }
}
