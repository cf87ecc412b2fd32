package io.isochron.store;

import java.io.IOException;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * A cluster's repository in an object store. Everything but its header is sealed; everything read is verified before it is given out.
 *
 * <p>All methods of it and of its parts may be called by many threads at once unless they say otherwise. It does not own the store.
 */
public final class Repository {
    /** The version of docs/repository-format.md that this program writes, and the only one it reads. */
    public static final int FORMAT_VERSION = 1;

    private final ObjectStore store;
    private final ClusterIdentity cluster;
    private final SealedStore sealed;
    private final RepositoryKey key;
    private final UUID id;

    private Repository(ObjectStore store, RepositoryHeader header, RepositoryKey key) {
        this.store = store;
        this.cluster = header.cluster();
        this.sealed = new SealedStore(store, key, header.repositoryId());
        this.key = key;
        this.id = header.repositoryId();
    }

    /**
     * Makes a repository.
     *
     * @param created the time to note in the header
     * @throws ObjectExistsException if the store holds a repository already; it is not touched
     */
    public static Repository init(ObjectStore store, RepositoryKey key, ClusterIdentity cluster, Instant created)
            throws IOException {
        RepositoryHeader header = RepositoryHeader.make(cluster, created);
        store.create(Names.HEADER, Content.of(header.encode(key)));
        return new Repository(store, header, key);
    }

    /**
     * Opens a repository.
     *
     * @throws NotARepositoryException if the store certainly holds none
     * @throws WrongKeyException if the key is another repository's
     * @throws UnsupportedRepositoryException if it has another format version
     * @throws ObjectDamagedException if its header is damaged
     */
    public static Repository open(ObjectStore store, RepositoryKey key) throws IOException {
        return new Repository(store, RepositoryHeader.read(store, key), key);
    }

    /** The cluster whose repository this is. */
    public ClusterIdentity cluster() {
        return cluster;
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
        return new WalArchive(sealed, cluster);
    }

    /** The shards' PostgreSQL timeline history files. */
    public TimelineHistories timelineHistories() {
        return new TimelineHistories(sealed, cluster);
    }

    /** The shards' chronicle segments. */
    public ChronicleStore chronicle() {
        return new ChronicleStore(sealed, cluster);
    }

    /** The shards' ledgers. */
    public LedgerStore ledger() {
        return new LedgerStore(sealed, cluster);
    }

    /** Small documents such as cut certificates. */
    public Documents documents() {
        return new Documents(sealed);
    }

    /** The cluster's snapshots. */
    public Snapshots snapshots() {
        return new Snapshots(sealed, cluster);
    }

    /**
     * Reads and authenticates every object in scope again and checks that everything that ought to be there is. What it cannot see: that the newest
     * WAL object, the newest chronicle segment or a document was removed, since nothing else refers to them.
     *
     * @param findings is told every finding, problems and notices, as they are found
     * @throws IOException if the store cannot be listed; failures to read single objects are findings
     */
    public VerifySummary verify(VerifyScope scope, Consumer<Finding> findings) throws IOException {
        return new Verifier(sealed, cluster, findings).run(scope);
    }
}
