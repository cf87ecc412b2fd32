package io.isochron.objects;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Several stores that hold the same objects, seen as one (docs/copies.md). An object counts as created when {@code confirmations} of the N copies have it; so it is certainly absent when
 * {@code N - confirmations + 1} copies say so, and with fewer answers nobody can tell.
 *
 * <ul>
 *   <li><b>Create</b> asks the copies in their order until one answers: that one decides between writers that want the same name. The others follow at once; the call returns when enough have
 *       confirmed, the rest go on behind it.
 *   <li><b>Who is away</b> is left out, and gets what it missed when it answers again.
 *   <li><b>Reading</b> goes from copy to copy until one has the object, and with {@link #read} until one has it right; what was damaged or missing before is then put right.
 *   <li><b>What is seen is durable</b>, for a {@link Role#WRITER}: an object that a died writer left in too few copies is placed in enough of them before {@link #stat}, {@link #list} or
 *       {@link ObjectExistsException} tell of it. A {@link Role#READER} places nothing but repairs, and sees such objects as they are.
 *   <li><b>Delete</b> needs every copy, so that none brings back what retention removed.
 * </ul>
 */
public final class ReplicatedStore implements ObjectStore {
    /** Bytes of objects that are confirmed and still on their way to further copies; what would exceed them is placed later. */
    static final int TRAILING_BYTES_MAX = 16 << 20;

    /** Longest object that is compared or placed in a further copy; nothing longer is ever created. */
    static final int OBJECT_BYTES_MAX = 128 << 20;

    private static final Duration DELETE_PATIENCE = Duration.ofSeconds(30);

    /** What the store is opened for. */
    public enum Role {
        READER,
        WRITER
    }

    private final List<StoreCopy> copies;
    private final int confirmations;
    private final @Nullable ObjectName marker;
    private final Predicate<ObjectName> contested;
    private final Role role;
    private final TrailingWork trailing = new TrailingWork(TRAILING_BYTES_MAX);
    private final CopyCreation creation;
    private final @Nullable CatchUp catchUp;
    private volatile boolean repairing = true;

    /**
     * @param stores the copies by their names, nearest first; owned by this store from here on
     * @param confirmations how many must have an object before it counts as created, 1 to the number of copies
     * @param marker the object that a copy gets last: what is absent in a copy without it may be absent only because the copy is being filled; null if all copies have been filled
     * @param contested names under which two writers, or one before and after its restart, may create different bytes. They are read from so many copies that what counts as created is told from what one
     *     writer left in too few copies. Of other names the bytes mean the same in every copy
     */
    public ReplicatedStore(
            Map<String, ? extends ObjectStore> stores,
            int confirmations,
            @Nullable ObjectName marker,
            Predicate<ObjectName> contested,
            Role role,
            CopyListener listener) {
        this(stores, confirmations, marker, contested, role, listener, System::nanoTime);
    }

    ReplicatedStore(
            Map<String, ? extends ObjectStore> stores,
            int confirmations,
            @Nullable ObjectName marker,
            Predicate<ObjectName> contested,
            Role role,
            CopyListener listener,
            LongSupplier nanoTime) {
        if (confirmations < 1 || confirmations > stores.size()) {
            throw new IllegalArgumentException(
                    confirmations + " of " + stores.size() + " copies cannot be asked to confirm");
        }
        this.copies = new LinkedHashMap<>(stores)
                .entrySet().stream()
                        .map(entry -> new StoreCopy(entry.getKey(), entry.getValue(), marker, listener, nanoTime))
                        .toList();
        this.confirmations = confirmations;
        this.marker = marker;
        this.contested = contested;
        this.role = role;
        this.creation = new CopyCreation(copies, confirmations, listener, trailing);
        this.catchUp = role == Role.WRITER ? new CatchUp(copies, marker, listener) : null;
    }

    /** The copies by their names, in their order. */
    public Map<String, ObjectStore> copies() {
        Map<String, ObjectStore> stores = new LinkedHashMap<>();
        copies.forEach(copy -> stores.put(copy.name(), copy.store()));
        return stores;
    }

    /** Whether reading puts right what it finds damaged or missing, as it does at first. {@link #mend} always does. */
    public void setRepairing(boolean repairing) {
        this.repairing = repairing;
    }

    /** How many copies must have an object before it counts as created. */
    public int confirmations() {
        return confirmations;
    }

    private int answersForAbsence() {
        return copies.size() - confirmations + 1;
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        try {
            Answers answers = new Answers(name, "create");
            creation.create(name, Contents.guarded(content), worthAsking(answers, confirmations), answers, describe());
        } catch (Contents.SourceException e) {
            throw e.source();
        }
    }

    @Override
    public InputStream open(ObjectName name, long offset, long length) throws IOException {
        if (contested.test(name)) {
            byte[] bytes = readAll(name, OBJECT_BYTES_MAX);
            int from = (int) Math.min(offset, bytes.length);
            return new ByteArrayInputStream(bytes, from, (int) Math.min(length, bytes.length - from));
        }
        return first(name, "open", store -> store.open(name, offset, length));
    }

    @Override
    public byte[] readAll(ObjectName name, int limit) throws IOException {
        return contested.test(name)
                ? read(name, limit, bytes -> bytes)
                : first(name, "read", store -> store.readAll(name, limit));
    }

    /** The answer of the first copy that has the object. */
    private <T> T first(ObjectName name, String operation, StoreCopy.Request<T> request) throws IOException {
        Answers answers = new Answers(name, operation);
        for (StoreCopy copy : likelyFirst()) {
            if (certainlyAbsent(answers, copy)) {
                break;
            }
            try {
                return copy.ask(request);
            } catch (ObjectNotFoundException e) {
                answers.absent(copy);
            } catch (IOException e) {
                answers.failed(copy, e);
            }
        }
        throw answers.absentOrUnclear(answersForAbsence(), describe());
    }

    @Override
    public <T> T read(ObjectName name, int limit, Check<T> check) throws IOException {
        if (contested.test(name) && answersForAbsence() > 1) {
            return new ContestedRead<T>(copies, name, confirmations)
                    .read(likelyFirst(), limit, check, describe(), repairing);
        }
        Answers answers = new Answers(name, "read");
        Map<StoreCopy, String> broken = new LinkedHashMap<>();
        @Nullable ObjectDamagedException damage = null;
        for (StoreCopy copy : likelyFirst()) {
            if (certainlyAbsent(answers, copy) && damage == null) {
                break;
            }
            try {
                byte[] bytes = copy.ask(store -> store.readAll(name, limit));
                T right = check.open(bytes);
                if (repairing) {
                    broken.forEach((bad, reason) -> bad.repair(name, bytes, reason));
                }
                return right;
            } catch (ObjectNotFoundException e) {
                answers.absent(copy);
                broken.put(copy, StoreCopy.MISSING);
            } catch (ObjectDamagedException e) {
                damage = e;
                broken.put(copy, e.reason());
            } catch (StoreException e) {
                // a check's own words, such as another format's version: no copy will say otherwise
                throw e;
            } catch (IOException e) {
                answers.failed(copy, e);
            }
        }
        if (damage != null && answers.failures() == 0) {
            ObjectDamagedException none = damage;
            return readOlder(name, limit, check).orElseThrow(() -> none);
        }
        if (damage != null) {
            answers.failed(damage);
            throw answers.unclear(1);
        }
        throw answers.absentOrUnclear(answersForAbsence(), describe());
    }

    /**
     * Reads an object in every copy that answers, and puts right the copies in which it is damaged or missing, as the listener is told.
     *
     * @throws ObjectDamagedException if no copy passes the check
     * @throws ObjectNotFoundException if it is certain that there is no such object
     */
    public void mend(ObjectName name, int limit, Check<?> check) throws IOException {
        new ContestedRead<ObjectName>(copies, name, confirmations)
                .readEvery(
                        likelyFirst(),
                        limit,
                        bytes -> {
                            check.open(bytes);
                            return name;
                        },
                        describe());
    }

    /**
     * Compares what the copies list.
     *
     * @param lacks is told each copy and object that it lacks and another one has
     * @throws IOException if a copy cannot be listed
     */
    public void compare(BiConsumer<String, ObjectName> lacks) throws IOException {
        try (Stream<ObjectInfo> all = MergedListing.of(
                copies,
                "",
                null,
                1,
                (name, having) -> copies.stream()
                        .filter(copy -> !having.contains(copy))
                        .forEach(copy -> lacks.accept(copy.name(), name)))) {
            if (copies.stream().anyMatch(copy -> copy.failure() != null)) {
                throw new IOException("cannot compare the copies: "
                        + copies.stream()
                                .filter(copy -> copy.failure() != null)
                                .map(copy -> copy + " is away")
                                .collect(Collectors.joining(", ")));
            }
            all.forEach(_ -> {});
        } catch (UncheckedIOException e) {
            throw e.getCause() == null ? new IOException(e) : e.getCause();
        }
    }

    /** Who answered last comes first; who is away is asked only if nobody else knew. */
    private List<StoreCopy> likelyFirst() {
        List<StoreCopy> order =
                new ArrayList<>(copies.stream().filter(StoreCopy::worthAsking).toList());
        copies.stream().filter(copy -> !order.contains(copy)).forEach(order::add);
        return order;
    }

    /** There is no need to wait for one who is away if enough others say that the object is absent. All who answer are asked: one may have what was lost elsewhere. */
    private boolean certainlyAbsent(Answers answers, StoreCopy next) {
        return !next.worthAsking() && answers.absences() >= answersForAbsence();
    }

    private List<StoreCopy> worthAsking(Answers answers, int needed) throws IOException {
        List<StoreCopy> asked = new ArrayList<>();
        for (StoreCopy copy : copies) {
            IOException failure = copy.failure();
            if (copy.worthAsking()) {
                asked.add(copy);
            } else if (failure != null) {
                answers.failed(copy, failure);
            }
        }
        if (asked.size() < needed) {
            throw answers.unclear(needed);
        }
        return asked;
    }

    @Override
    public Optional<ObjectInfo> stat(ObjectName name) throws IOException {
        Answers answers = new Answers(name, "stat");
        @Nullable ObjectInfo found = null;
        @Nullable StoreCopy has = null;
        int having = 0;
        for (StoreCopy copy : likelyFirst()) {
            if (certainlyAbsent(answers, copy) && found == null) {
                break;
            }
            try {
                Optional<ObjectInfo> info = copy.ask(store -> store.stat(name));
                if (info.isEmpty()) {
                    answers.absent(copy);
                } else {
                    found = found == null ? info.get() : found;
                    has = has == null ? copy : has;
                    having++;
                }
            } catch (IOException e) {
                answers.failed(copy, e);
            }
            if (found != null && (role == Role.READER || having >= confirmations)) {
                break;
            }
        }
        if (found == null || has == null) {
            if (answers.absences() >= answersForAbsence()) {
                return Optional.empty();
            }
            throw answers.unclear(answersForAbsence());
        }
        if (role == Role.WRITER && having < confirmations) {
            creation.settle(name, has);
        }
        return Optional.of(found);
    }

    @Override
    public Stream<ObjectInfo> list(String prefix, @Nullable ObjectName startAfter) throws IOException {
        int needed = role == Role.WRITER ? Math.max(confirmations, answersForAbsence()) : answersForAbsence();
        return MergedListing.of(copies, prefix, startAfter, needed, this::seen);
    }

    /** A listing shows an object that some of those copies lack that were listed. */
    private void seen(ObjectName name, List<StoreCopy> having) throws IOException {
        if (role == Role.WRITER && having.size() < confirmations) {
            StoreCopy has = having.getFirst();
            creation.settle(name, has);
        }
    }

    @Override
    public void delete(ObjectName name) throws IOException {
        Answers answers = new Answers(name, "delete");
        // what is still on its way to a copy would bring it back, and so would a copy that cannot be reached
        try {
            if (!trailing.await(DELETE_PATIENCE)) {
                throw answers.unclear(copies.size());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted before object " + name + " was deleted");
        }
        Optional<Instant> locked = lockedUntil(name);
        if (locked.isPresent()) {
            // removed in some copies and kept in others it would come back, with a new lock
            throw new ObjectLockedException(name, locked.get(), describe());
        }
        for (StoreCopy copy : copies) {
            try {
                copy.ask(store -> {
                    store.delete(name);
                    return name;
                });
            } catch (ObjectNotFoundException e) {
                answers.absent(copy);
            }
        }
        if (answers.absences() == copies.size()) {
            throw new ObjectNotFoundException(name, describe());
        }
    }

    /** In every copy that has the object and locks; a copy that fails or is away does not keep the others from it. */
    @Override
    public Renewal renew(ObjectName name) throws IOException {
        Answers answers = new Answers(name, "renew");
        Renewal most = Renewal.NO_LOCK;
        for (StoreCopy copy : copies) {
            IOException away = copy.failure();
            if (!copy.worthAsking() && away != null) {
                answers.failed(copy, away);
                continue;
            }
            try {
                most = most.or(copy.ask(store -> store.renew(name)));
            } catch (ObjectNotFoundException e) {
                answers.absent(copy);
            } catch (IOException e) {
                answers.failed(copy, e);
            }
        }
        if (answers.absences() == copies.size()) {
            throw new ObjectNotFoundException(name, describe());
        }
        if (answers.failures() > 0) {
            throw answers.unclear(copies.size());
        }
        return most;
    }

    /** Needs every copy. */
    @Override
    public Optional<Instant> lockedUntil(ObjectName name) throws IOException {
        Answers answers = new Answers(name, "look at the lock of");
        Optional<Instant> last = Optional.empty();
        for (StoreCopy copy : copies) {
            try {
                Optional<Instant> until = copy.ask(store -> store.lockedUntil(name));
                last = until.isPresent() && (last.isEmpty() || until.get().isAfter(last.get())) ? until : last;
            } catch (ObjectNotFoundException e) {
                answers.absent(copy);
            } catch (IOException e) {
                answers.failed(copy, e);
                throw answers.unclear(copies.size());
            }
        }
        if (answers.absences() == copies.size()) {
            throw new ObjectNotFoundException(name, describe());
        }
        return last;
    }

    @Override
    public <T> Optional<T> readOlder(ObjectName name, int limit, Check<T> check) throws IOException {
        for (StoreCopy copy : likelyFirst()) {
            try {
                Optional<T> older = copy.ask(store -> store.readOlder(name, limit, check));
                if (older.isPresent()) {
                    return older;
                }
            } catch (StoreException e) {
                throw e;
            } catch (IOException e) {
                // another copy may have it
            }
        }
        return Optional.empty();
    }

    @Override
    public void findTampered(String prefix, Consumer<TamperedObject> found) throws IOException {
        for (StoreCopy copy : copies) {
            copy.ask(store -> {
                store.findTampered(prefix, found);
                return prefix;
            });
        }
    }

    @Override
    public void replace(ObjectName name, Content content) throws IOException {
        Answers answers = new Answers(name, "replace");
        Content guarded = Contents.guarded(content);
        for (StoreCopy copy : copies) {
            try {
                copy.ask(store -> {
                    store.replace(name, guarded);
                    return name;
                });
            } catch (Contents.SourceException e) {
                throw e.source();
            } catch (IOException e) {
                copy.missed(name);
                answers.failed(copy, e);
            }
        }
        if (copies.size() - answers.failures() < confirmations) {
            throw answers.unclear(confirmations);
        }
    }

    /** Compares all copies with each other, behind the work, and places what one lacks: what was missed before this store was opened is not known otherwise. */
    public void compareAll() {
        copies.forEach(StoreCopy::notCompared);
    }

    /**
     * Places in one copy what others have and it lacks, and its marker last. Can be broken off and run again.
     *
     * @param name the copy's name
     * @param cancelled is asked between objects
     * @param progress is told how many objects were compared
     * @return how many objects were placed
     * @throws IOException if the copy, or too many of the others, cannot be read or written
     */
    public long fill(String name, BooleanSupplier cancelled, LongConsumer progress) throws IOException {
        StoreCopy to = copies.stream()
                .filter(copy -> copy.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no copy is called " + name));
        List<StoreCopy> from = copies.stream().filter(copy -> copy != to).toList();
        return new CopySync(from, to, marker, cancelled, progress).run();
    }

    /** Waits until what was created is in every copy that answers, at most so long. */
    public boolean settled(Duration limit) throws InterruptedException {
        long until = System.nanoTime() + limit.toNanos();
        while (System.nanoTime() < until) {
            if (trailing.await(Duration.ofMillis(50)) && copies.stream().noneMatch(StoreCopy::behind)) {
                return true;
            }
            Thread.sleep(20);
        }
        return false;
    }

    @Override
    public String describe() {
        return copies.stream()
                .map(copy -> copy.name() + " (" + copy.store().describe() + ")")
                .collect(Collectors.joining(", "));
    }

    @Override
    public void close() throws IOException {
        if (catchUp != null) {
            catchUp.close();
        }
        creation.close();
        @Nullable IOException failure = null;
        for (StoreCopy copy : copies) {
            try {
                copy.store().close();
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
