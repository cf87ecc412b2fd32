package io.isochron.store;

import io.isochron.objects.Content;
import io.isochron.objects.NotARepositoryException;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ObjectStore;
import io.isochron.objects.StoreException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster's repository in an object store. Everything but its header is sealed; everything read is verified before it is given out.
 *
 * <p>All methods of it and of its parts may be called by many threads at once unless they say otherwise. It does not own the store.
 */
public final class Repository {
    /** The version of docs/repository-format.md that this program writes, and the only one it reads. */
    public static final int FORMAT_VERSION = 1;

    private final ObjectStore store;
    private final SealedStore sealed;
    private final MembershipObjects memberships;
    private final KeyRecords keys;
    private final AuditLog audit;
    private final RepositoryKey key;
    private final UUID id;
    private final RepositoryHeader header;
    private final RetentionRecords retention;
    private volatile MembershipObjects.Chain chain;
    private volatile Horizon horizon = Horizon.EVERYTHING;

    private Repository(ObjectStore store, RepositoryHeader header, RepositoryKey key) {
        this.store = store;
        this.sealed = new SealedStore(store, key, header);
        this.memberships = new MembershipObjects(sealed, header);
        this.keys = new KeyRecords(sealed, header);
        this.audit = new AuditLog(sealed, header);
        this.retention = new RetentionRecords(sealed, header);
        this.key = key;
        this.id = header.repositoryId();
        this.header = header;
        this.chain = memberships.begin();
    }

    /**
     * Makes a repository.
     *
     * @param created the time to note in the header
     * @throws ObjectExistsException if the store holds a repository already; it is not touched
     */
    public static Repository init(ObjectStore store, RepositoryKey key, ClusterIdentity cluster, Instant created)
            throws IOException {
        RepositoryHeader header = RepositoryHeader.make(cluster, created, key);
        store.create(Names.HEADER, Content.of(header.encode(key)));
        return new Repository(store, header, key);
    }

    /**
     * Opens a repository.
     *
     * @throws NotARepositoryException if the store certainly holds none
     * @throws WrongKeyException if the key is another repository's
     * @throws UnsupportedRepositoryException if it has another format version
     * @throws ObjectDamagedException if its header or a version of the membership is damaged
     * @throws ObjectNotFoundException if a version of the membership, or a retention record, is missing
     */
    public static Repository open(ObjectStore store, RepositoryKey key) throws IOException {
        Repository repository = new Repository(store, RepositoryHeader.read(store, key), key);
        repository.reloadMembership();
        repository.reloadHorizon();
        return repository;
    }

    /** The cluster whose repository this is, with all shards that ever were announced: {@link #membership} says who is a member. */
    public ClusterIdentity cluster() {
        return membership().cluster();
    }

    /** Who belongs to the cluster, and when, as of the last look. */
    public Membership membership() {
        return chain.membership();
    }

    /** Looks for changes of the membership made by others since the last look. */
    public synchronized Membership reloadMembership() throws IOException {
        chain = memberships.continued(chain);
        return membership();
    }

    /**
     * Adds a version of the membership, durable on return; before that the old membership is in force. Times are kept to the microsecond.
     *
     * @param kind what changes
     * @param shard the shard concerned
     * @param recorded the time to note
     * @param effective from when on it counts; null exactly for announcements and withdrawals
     * @throws IllegalArgumentException if it cannot follow what is known
     * @throws StoreException if someone else changed the membership since the last look; nothing was changed by this call
     */
    public synchronized Membership changeMembership(
            MembershipChange.Kind kind, ShardIdentity shard, Instant recorded, @Nullable Instant effective)
            throws IOException {
        chain = memberships.append(
                chain,
                new MembershipChange(
                        membership().version() + 1,
                        kind,
                        shard,
                        MembershipObjects.micros(recorded),
                        effective == null ? null : MembershipObjects.micros(effective)));
        return membership();
    }

    /** What must be in it, as of the last look. */
    public Horizon horizon() {
        return horizon;
    }

    /** Looks whether somebody decided meanwhile that less is kept. */
    public synchronized Horizon reloadHorizon() throws IOException {
        RetentionRecord newest = retention.newest().orElse(null);
        if (newest != null && newest.number() >= horizon.nextNumber()) {
            horizon = Horizon.of(newest);
        }
        return horizon;
    }

    /**
     * Decides what is kept from now on, durable on return; nothing is removed by that.
     *
     * @throws StoreException if somebody else decided meanwhile, or it would keep what is given up already
     */
    public synchronized Horizon keepOnly(RetentionRecord record) throws IOException {
        retention.append(record);
        return reloadHorizon();
    }

    /** Finds what a horizon does not keep, and removes it. */
    public Garbage garbage(Horizon kept) {
        return new Garbage(sealed, membership(), kept);
    }

    /** All objects whose names begin so, ascending, lazily; to be closed; throws {@link java.io.UncheckedIOException} on the way. */
    public Stream<ObjectInfo> objects(String prefix) throws IOException {
        return sealed.list(prefix, null);
    }

    /** Who is doing what with it. */
    public Leases leases() {
        return new Leases(sealed);
    }

    /** What scrubs have read. */
    public ScrubRecords scrubs() {
        return new ScrubRecords(sealed);
    }

    /**
     * What a scrub reads.
     *
     * @param copies the stores that this one's store consists of, by their names; empty if it is in one place
     */
    public ScrubSource scrubSource(Map<String, ? extends ObjectStore> copies) {
        return new ScrubSource(this, sealed, copies.isEmpty() ? Map.of("", store) : copies, key, header);
    }

    RepositoryKey key() {
        return key;
    }

    /**
     * Which keys have sealed it, read now.
     *
     * @throws ObjectNotFoundException if a record of a rotation is missing
     * @throws ObjectDamagedException if one is damaged
     */
    public KeyHistory keys() throws IOException {
        return keys.read().history();
    }

    KeyHistory recordKey(String to, Instant recorded, String by) throws IOException {
        return keys.append(keys.read(), to, recorded, by);
    }

    /** Who did what with it. */
    public AuditLog audit() {
        return audit;
    }

    /**
     * Reads the audit log from its beginning and checks that it is whole: that entries follow each other, and are those that snapshots and {@code expected} know. That the newest entries were removed is seen only through these.
     *
     * @param expected what was noted of entries
     * @param entries is given every entry that can be read, in their order
     * @param findings is told whatever is wrong
     * @return number and hash of the newest entry that can be read; empty if there is none
     * @throws IOException if the store does not answer
     */
    public Optional<AuditEntry.Head> readAudit(
            List<AuditEntry.Anchor> expected, Consumer<AuditEntry> entries, Consumer<Finding> findings)
            throws IOException {
        List<AuditEntry.Anchor> anchors = new ArrayList<>(snapshots().audited());
        anchors.addAll(expected);
        return new AuditReading(sealed, header, anchors, entries, findings).run();
    }

    /** The repository's own id, made with it. */
    public UUID id() {
        return id;
    }

    /**
     * Codes for documents that leave the repository.
     *
     * @param kind keeps documents of different purposes apart
     */
    public DocumentMac mac(String kind) {
        return new DocumentMac(key, id, kind);
    }

    /** Where it is, for people. */
    public String describe() {
        return store.describe();
    }

    /** The shards' write-ahead log. */
    public WalArchive wal() {
        return new WalArchive(sealed, cluster());
    }

    /** The shards' PostgreSQL timeline history files. */
    public TimelineHistories timelineHistories() {
        return new TimelineHistories(sealed, cluster());
    }

    /** The shards' chronicle segments. */
    public ChronicleStore chronicle() {
        return new ChronicleStore(sealed, cluster(), floors(RetentionRecord.Floor::chronicle));
    }

    /** The shards' ledgers. */
    public LedgerStore ledger() {
        return new LedgerStore(sealed, cluster(), floors(RetentionRecord.Floor::ledger));
    }

    private Function<String, NumberedObjects.Floor> floors(ToLongFunction<RetentionRecord.Floor> part) {
        return shard -> new NumberedObjects.Floor() {
            @Override
            public long known() {
                return part.applyAsLong(horizon.floor(shard));
            }

            @Override
            public long current() throws IOException {
                return part.applyAsLong(reloadHorizon().floor(shard));
            }
        };
    }

    /** Small documents such as cut certificates. */
    public Documents documents() {
        return new Documents(sealed);
    }

    /** The cluster's snapshots. */
    public Snapshots snapshots() {
        return new Snapshots(sealed, membership(), audit, horizon);
    }

    /**
     * Reads and authenticates every object in scope again and checks that everything that ought to be there is. What it cannot see: that the newest
     * WAL object, the newest chronicle segment or a document was removed, since nothing else refers to them; nor the newest version of the
     * membership if it changed nothing that a later snapshot or another object shows.
     *
     * @param findings is told every finding, problems and notices, as they are found
     * @throws IOException if the store cannot be listed; failures to read single objects are findings
     */
    public VerifySummary verify(VerifyScope scope, Consumer<Finding> findings) throws IOException {
        return verify(scope, Sampling.ALL, SegmentCheck.NONE, findings);
    }

    /**
     * The same with only a sample of the bytes read. Which objects must be there, and that they are, is looked at in full.
     *
     * @param sampling what to read besides what says what must be there
     * @param check asked of each chronicle segment that is read
     */
    public VerifySummary verify(VerifyScope scope, Sampling sampling, SegmentCheck check, Consumer<Finding> findings)
            throws IOException {
        return new Verifier(sealed, memberships, keys, membership(), horizonToVerify(), sampling, check, findings)
                .run(scope, found -> readAudit(List.of(), entry -> {}, found));
    }

    /** What is kept as far as it can be read: a damaged record is for the verification to find. */
    private Horizon horizonToVerify() throws IOException {
        try {
            return reloadHorizon();
        } catch (ObjectDamagedException | ObjectNotFoundException e) {
            return horizon;
        }
    }

    /** Verifies one of the copies that this repository's store consists of. */
    VerifySummary verifyCopy(
            ObjectStore copy, VerifyScope scope, Sampling sampling, SegmentCheck check, Consumer<Finding> findings)
            throws IOException {
        SealedStore one = new SealedStore(copy, key, header);
        return new Verifier(
                        one,
                        new MembershipObjects(one, header),
                        new KeyRecords(one, header),
                        membership(),
                        horizon,
                        sampling,
                        check,
                        findings)
                .run(
                        scope,
                        found -> new AuditReading(
                                        one,
                                        header,
                                        new Snapshots(one, membership(), new AuditLog(one, header), horizon).audited(),
                                        entry -> {},
                                        found)
                                .run());
    }

    /** What is wrong with the content of an object as a segment; empty if nothing is, or it is no segment. */
    Optional<String> wrong(ObjectName name, SegmentCheck check) throws IOException {
        return name.value().startsWith("chronicle/")
                ? check.wrong(sealed.read(name, ObjectKind.CHRONICLE))
                : Optional.empty();
    }

    /** Tells right bytes of an object of any kind from others. */
    ObjectStore.Check<?> check(ObjectName name) {
        return name.equals(Names.HEADER)
                ? bytes -> RepositoryHeader.decode(bytes, key, describe())
                : bytes -> sealed.open(name, bytes);
    }
}
