package io.isochron.objects;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Creates an object in several copies: in one that decides who wins, then in the others at once, and waits until enough have confirmed. */
final class CopyCreation implements AutoCloseable {
    private static final int UNCLEAR_MAX = 10_000;

    private final List<StoreCopy> copies;
    private final int confirmations;
    private final CopyListener listener;
    private final TrailingWork trailing;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    /** Names whose creation ended without it being clear what is where, the oldest forgotten first. */
    private final Set<ObjectName> unclear = Collections.synchronizedSet(new LinkedHashSet<>());

    CopyCreation(List<StoreCopy> copies, int confirmations, CopyListener listener, TrailingWork trailing) {
        this.copies = copies;
        this.confirmations = confirmations;
        this.listener = listener;
        this.trailing = trailing;
    }

    /**
     * Creates an object.
     *
     * @param content guarded, so that its own failures are not a copy's
     * @param asked copies that answer, at least as many as must confirm
     * @param answers knows already which copies are away
     * @param where for people
     */
    void create(ObjectName name, Content content, List<StoreCopy> asked, Answers answers, String where)
            throws IOException {
        if (unclear.contains(name)) {
            settleEarlier(name, asked, where);
        }
        try {
            createAnew(name, content, asked, answers, where);
            unclear.remove(name);
        } catch (StoreException e) {
            unclear.remove(name);
            throw e;
        } catch (IOException e) {
            synchronized (unclear) {
                if (unclear.size() == UNCLEAR_MAX) {
                    unclear.remove(unclear.iterator().next());
                }
                unclear.add(name);
            }
            throw e;
        }
    }

    /**
     * Who tries again brings other bytes, since each seal draws a nonce. If one copy took them while another has those of the earlier attempt nobody could choose between the two any more, so the earlier
     * ones, where there are any, are what is created.
     *
     * @throws ObjectExistsException if there are; enough copies have them then
     */
    private void settleEarlier(ObjectName name, List<StoreCopy> asked, String where) throws IOException {
        for (StoreCopy copy : asked) {
            if (copy.ask(store -> store.stat(name)).isPresent()) {
                settle(name, copy);
                unclear.remove(name);
                throw new ObjectExistsException(name, where);
            }
        }
    }

    private void createAnew(ObjectName name, Content content, List<StoreCopy> asked, Answers answers, String where)
            throws IOException {
        int decided = decide(name, content, asked, answers, where);
        CrashPoint.reached("copy.decided");
        List<StoreCopy> further = asked.subList(decided, asked.size());
        Confirmations needed = new Confirmations(confirmations - 1, answers);
        List<StoreCopy> later = new ArrayList<>();
        for (StoreCopy copy : further) {
            // whose confirmation is waited for is bounded by who waits; only what goes on behind that is bounded here
            boolean waitedFor = needed.open() < confirmations - 1;
            if (trailing.begin(content.bytes(), waitedFor)) {
                place(name, content, copy, needed);
            } else {
                later.add(copy);
            }
        }
        boolean enough = needed.await();
        if (!enough && !needed.differing()) {
            for (StoreCopy copy : later) {
                trailing.begin(content.bytes(), true);
                place(name, content, copy, needed);
            }
            later.clear();
            enough = needed.await();
        }
        later.forEach(copy -> copy.missed(name));
        copies.stream().filter(copy -> !asked.contains(copy)).forEach(copy -> copy.missed(name));
        if (!enough) {
            if (needed.differing()) {
                resolve(name, content, asked.get(decided - 1), where);
            }
            throw answers.unclear(confirmations);
        }
    }

    /** The first copy that answers decides; returns how many were asked for that. */
    private int decide(ObjectName name, Content content, List<StoreCopy> asked, Answers answers, String where)
            throws IOException {
        for (int i = 0; i < asked.size(); i++) {
            StoreCopy copy = asked.get(i);
            try {
                copy.ask(store -> {
                    store.create(name, content);
                    return name;
                });
                return i + 1;
            } catch (ObjectExistsException e) {
                settle(name, copy);
                throw new ObjectExistsException(name, where);
            } catch (Contents.SourceException e) {
                throw e;
            } catch (IOException e) {
                copy.missed(name);
                answers.failed(copy, e);
            }
        }
        throw answers.unclear(confirmations);
    }

    /** Has a further copy create the object, in a thread of its own. */
    private void place(ObjectName name, Content content, StoreCopy copy, Confirmations needed) {
        needed.asked();
        Future<?> _ = threads.submit(() -> {
            try {
                if (present(name, content, copy)) {
                    needed.confirmed();
                    return;
                }
                needed.differs(copy);
            } catch (IOException | RuntimeException e) {
                copy.missed(name);
                needed.failed(copy, e);
                return;
            } finally {
                trailing.end(content.bytes());
            }
            outvote(name, content, copy, needed);
        });
    }

    /** Another writer's object is in one copy. If ours is in enough of them, theirs was never created. */
    private void outvote(ObjectName name, Content ours, StoreCopy copy, Confirmations needed) {
        try {
            if (!needed.await()) {
                return;
            }
            if (!majority()) {
                throw new CopiesDisagreeException(name, copy.name(), "the others");
            }
            copy.repair(name, Contents.bytes(ours), "another writer's object was in it, which was never created");
        } catch (IOException e) {
            listener.notRepaired(copy.name(), name, e);
        }
    }

    private boolean majority() {
        return confirmations > copies.size() / 2;
    }

    /** Creates the object in a copy; false if the copy has other bytes under this name. */
    private static boolean present(ObjectName name, Content content, StoreCopy copy) throws IOException {
        try {
            copy.ask(store -> {
                store.create(name, content);
                return name;
            });
            return true;
        } catch (ObjectExistsException e) {
            return Arrays.equals(bytes(copy, name), Contents.bytes(content));
        }
    }

    private static byte[] bytes(StoreCopy copy, ObjectName name) throws IOException {
        return copy.ask(store -> store.readAll(name, ReplicatedStore.OBJECT_BYTES_MAX));
    }

    /**
     * Another writer's object is in other copies than ours, which one copy has. If enough copies agree on the other one, ours was never created.
     *
     * @throws ObjectExistsException if that is so; our copy has the other object then
     */
    private void resolve(ObjectName name, Content ours, StoreCopy mine, String where) throws IOException {
        byte[] own = Contents.bytes(ours);
        byte[] other = null;
        int agreeing = 0;
        String place = "";
        for (StoreCopy copy : copies) {
            byte[] bytes;
            try {
                bytes = copy.worthAsking() ? bytes(copy, name) : own;
            } catch (IOException e) {
                continue;
            }
            if (!Arrays.equals(bytes, own)) {
                place = copy.name();
                if (other != null && !Arrays.equals(bytes, other)) {
                    throw new CopiesDisagreeException(name, mine.name(), place);
                }
                other = bytes;
                agreeing++;
            }
        }
        if (other == null || agreeing < confirmations || !majority()) {
            throw new CopiesDisagreeException(name, mine.name(), place);
        }
        Content winner = Content.of(other);
        mine.ask(store -> {
            store.replace(name, winner);
            return name;
        });
        listener.repaired(mine.name(), name, "another writer's object is in the other copies");
        throw new ObjectExistsException(name, where);
    }

    /** Makes sure that an object which one copy has is in enough of them. */
    void settle(ObjectName name, StoreCopy has) throws IOException {
        Content content = Content.of(bytes(has, name));
        Answers answers = new Answers(name, "settle");
        int confirmed = 1;
        for (StoreCopy copy : copies) {
            if (copy == has || confirmed >= confirmations || !copy.worthAsking()) {
                continue;
            }
            try {
                if (!present(name, content, copy)) {
                    throw new CopiesDisagreeException(name, has.name(), copy.name());
                }
                confirmed++;
            } catch (CopiesDisagreeException e) {
                throw e;
            } catch (IOException e) {
                answers.failed(copy, e);
            }
        }
        if (confirmed < confirmations) {
            throw answers.unclear(confirmations);
        }
    }

    /** Waits for what is under way. */
    @Override
    public void close() {
        threads.close();
    }
}
