package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.StoreException;
import io.isochron.store.MembershipChange.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The membership's versions as objects, specified in docs/repository-format.md: numbered without holes, each naming the hash of the one before, the first one that of the header's sealed part.
 */
final class MembershipObjects {
    private static final int LAYOUT = 1;
    /** Digits of a version's number in its name. */
    private static final long MAX_VERSION = 99_999_999;

    /** A membership with the hash of its newest version. */
    record Chain(Membership membership, String sha256) {}

    private final SealedStore sealed;
    private final RepositoryHeader header;

    MembershipObjects(SealedStore sealed, RepositoryHeader header) {
        this.sealed = sealed;
        this.header = header;
    }

    /** What the header says, before any change. */
    Chain begin() {
        return new Chain(Membership.of(header.cluster()), Hashes.sha256(header.identityBytes()));
    }

    /**
     * Reads all versions after those that are known.
     *
     * @throws ObjectNotFoundException naming the first missing one if there is a later one
     * @throws ObjectDamagedException if one is not what follows the one before it
     */
    Chain continued(Chain known) throws IOException {
        Chain chain = known;
        for (ObjectName name : names(chain.membership().version())) {
            // a listing may lack what was created while it was made, and have what was created after that
            ObjectName expected = Names.membership(chain.membership().version() + 1);
            while (expected.compareTo(name) < 0 && sealed.exists(expected)) {
                chain = next(chain, expected);
                expected = Names.membership(chain.membership().version() + 1);
            }
            chain = next(chain, name);
        }
        return chain;
    }

    /** Reads the object that is listed next. */
    Chain next(Chain chain, ObjectName listed) throws IOException {
        ObjectName next = Names.membership(chain.membership().version() + 1);
        if (!listed.equals(next)) {
            throw listed.compareTo(next) > 0
                    ? new ObjectNotFoundException(next, sealed.describe())
                    : new ObjectDamagedException(listed, "its name is not that of a version of the membership");
        }
        return follow(chain, next, sealed.read(next, ObjectKind.MEMBERSHIP));
    }

    private List<ObjectName> names(long after) throws IOException {
        try (Stream<ObjectInfo> listing = sealed.list(Names.MEMBERSHIP, after == 0 ? null : Names.membership(after))) {
            return listing.map(ObjectInfo::name).toList();
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
    }

    /**
     * Adds a version, durable on return.
     *
     * @throws IllegalArgumentException if it cannot follow
     * @throws StoreException if another one was added meanwhile; nothing was changed by this one
     */
    Chain append(Chain chain, MembershipChange change) throws IOException {
        if (change.version() > MAX_VERSION) {
            throw new IllegalArgumentException("membership version " + change.version() + " cannot be numbered so");
        }
        Membership next = chain.membership().then(change);
        byte[] bytes = encode(change, next, chain.sha256());
        try {
            sealed.create(Names.membership(change.version()), ObjectKind.MEMBERSHIP, bytes);
        } catch (ObjectExistsException e) {
            throw new StoreException(
                    "the membership of cluster " + header.cluster().name()
                            + " was changed by someone else meanwhile (version " + change.version()
                            + ")\nhint: look with `isochron shard list` and run the command again",
                    e);
        }
        return new Chain(next, Hashes.sha256(bytes));
    }

    private static byte[] encode(MembershipChange change, Membership next, String previous) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("membership", LAYOUT);
        root.put("version", change.version());
        root.put("previous", previous);
        root.put("change", change.kind().name().toLowerCase(Locale.ROOT));
        ShardIdentity shard = change.shard();
        root.put("number", next.cluster().number(shard.name()));
        root.set("shard", RepositoryHeader.shard(shard));
        root.put("recorded", change.recorded().toString());
        if (change.effective() != null) {
            root.put("effective", change.effective().toString());
        }
        ArrayNode members = root.putArray("members");
        next.present().shards().forEach(member -> members.add(next.cluster().number(member)));
        return Json.bytes(root);
    }

    private static Chain follow(Chain chain, ObjectName name, byte[] bytes) throws ObjectDamagedException {
        try {
            JsonNode root = Json.MAPPER.readTree(bytes);
            if (root.path("membership").intValue() != LAYOUT) {
                throw new ObjectDamagedException(
                        name, "it is a membership of a layout that this program does not know");
            }
            if (!root.path("previous").stringValue().equals(chain.sha256())) {
                throw new ObjectDamagedException(
                        name,
                        "it follows another version " + chain.membership().version()
                                + " of the membership than the one that is there");
            }
            MembershipChange change = new MembershipChange(
                    root.path("version").longValue(),
                    Kind.valueOf(root.path("change").stringValue().toUpperCase(Locale.ROOT)),
                    RepositoryHeader.shard(root.path("shard")),
                    Instant.parse(root.path("recorded").stringValue()),
                    instant(root.path("effective")));
            Membership next = chain.membership().then(change);
            if (!Arrays.equals(bytes, encode(change, next, chain.sha256()))) {
                throw new ObjectDamagedException(name, "it contradicts the versions before it");
            }
            return new Chain(next, Hashes.sha256(bytes));
        } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
            throw new ObjectDamagedException(
                    name, "it is not the version of the membership that belongs here: " + e.getMessage(), e);
        }
    }

    private static @Nullable Instant instant(JsonNode node) {
        return node.isMissingNode() ? null : Instant.parse(node.stringValue());
    }

    static Instant micros(Instant moment) {
        return moment.truncatedTo(ChronoUnit.MICROS);
    }
}
