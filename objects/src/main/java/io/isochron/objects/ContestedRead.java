package io.isochron.objects;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads an object of which one copy may hold bytes that never counted as created. With N copies of which W confirm, the bytes that count are in W of them; so N - W + 1 answers that are alike, or
 * absent, are enough, and where they differ, the bytes that W copies hold are the right ones (if W is more than half of N; else nobody can choose).
 */
final class ContestedRead<T> {
    private final List<StoreCopy> copies;
    private final ObjectName name;
    private final int confirmations;
    private final List<Version<T>> versions = new ArrayList<>();
    private final Map<StoreCopy, String> broken = new LinkedHashMap<>();
    private int damaged;

    /** Bytes that copies hold. */
    private static final class Version<T> {
        private final byte[] bytes;
        private final T opened;
        private final List<StoreCopy> in = new ArrayList<>();

        Version(byte[] bytes, T opened) {
            this.bytes = bytes;
            this.opened = opened;
        }
    }

    ContestedRead(List<StoreCopy> copies, ObjectName name, int confirmations) {
        this.copies = copies;
        this.name = name;
        this.confirmations = confirmations;
    }

    /** What was created, from as many copies as it takes. */
    T read(List<StoreCopy> order, int limit, ObjectStore.Check<T> check, String where, boolean repairing)
            throws IOException {
        return read(order, limit, check, where, false, repairing);
    }

    /** What was created, after every copy that answers was read. The others, if they were damaged or missing, are put right. */
    T readEvery(List<StoreCopy> order, int limit, ObjectStore.Check<T> check, String where) throws IOException {
        return read(order, limit, check, where, true, true);
    }

    private T read(
            List<StoreCopy> order,
            int limit,
            ObjectStore.Check<T> check,
            String where,
            boolean every,
            boolean repairing)
            throws IOException {
        int enough = copies.size() - confirmations + 1;
        Answers answers = new Answers(name, "read");
        @Nullable ObjectDamagedException damage = null;
        int answered = 0;
        for (StoreCopy copy : order) {
            boolean decided = !every && answered >= enough && versions.size() == 1;
            if (decided || (!copy.worthAsking() && answers.absences() >= enough)) {
                break;
            }
            try {
                byte[] bytes = copy.ask(store -> store.readAll(name, limit));
                add(copy, bytes, check);
                answered++;
            } catch (ObjectNotFoundException e) {
                answers.absent(copy);
                broken.put(copy, StoreCopy.MISSING);
                answered += copy.knowsAbsence(name) ? 1 : 0;
            } catch (ObjectDamagedException e) {
                // says nothing of what it should be, so it is no answer
                damage = e;
                damaged++;
                broken.put(copy, e.reason());
                answers.failed(copy, e);
            } catch (StoreException e) {
                throw e;
            } catch (IOException e) {
                answers.failed(copy, e);
            }
        }
        if (versions.isEmpty()) {
            if (damage != null && answers.failures() == damaged) {
                throw damage;
            }
            throw answers.absentOrUnclear(enough, where);
        }
        Version<T> right = right(answered, enough, answers);
        if (repairing) {
            repair(right);
        }
        return right.opened;
    }

    private void add(StoreCopy copy, byte[] bytes, ObjectStore.Check<T> check) throws IOException {
        for (Version<T> version : versions) {
            if (Arrays.equals(version.bytes, bytes)) {
                version.in.add(copy);
                return;
            }
        }
        Version<T> version = new Version<>(bytes, check.open(bytes));
        version.in.add(copy);
        versions.add(version);
    }

    private Version<T> right(int answered, int enough, Answers answers) throws IOException {
        Version<T> most = versions.getFirst();
        for (Version<T> version : versions) {
            most = version.in.size() > most.in.size() ? version : most;
        }
        boolean alone = versions.size() == 1;
        // every copy answered, and those that are damaged held one of the bytes that are left
        boolean onlyDamageBeside = damaged > 0 && answered + damaged == copies.size();
        if (alone && (answered >= enough || onlyDamageBeside)) {
            return most;
        }
        if (!alone && most.in.size() >= confirmations && confirmations > copies.size() / 2) {
            return most;
        }
        if (alone) {
            throw answers.unclear(enough);
        }
        throw new CopiesDisagreeException(
                name,
                versions.getFirst().in.getFirst().name(),
                versions.getLast().in.getFirst().name());
    }

    private void repair(Version<T> right) {
        broken.forEach((copy, reason) -> copy.repair(name, right.bytes, reason));
        for (Version<T> other : versions) {
            if (!Arrays.equals(other.bytes, right.bytes)) {
                other.in.forEach(copy -> copy.repair(name, right.bytes, "it held what never counted as created"));
            }
        }
    }
}
