package io.isochron.store;

import io.isochron.objects.NotARepositoryException;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.ObjectStore;
import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The objects of a repository by their names, to be read one by one in every copy. */
public final class ScrubSource {
    private static final int MESSAGE_CHARS_MAX = 200;

    private final Repository repository;
    private final SealedStore whole;
    private final Map<String, SealedStore> copies = new LinkedHashMap<>();
    private final Absence absence;

    ScrubSource(
            Repository repository,
            SealedStore whole,
            Map<String, ? extends ObjectStore> stores,
            RepositoryKey key,
            RepositoryHeader header) {
        this.repository = repository;
        this.whole = whole;
        stores.forEach((copy, store) -> copies.put(copy, new SealedStore(store, key, header)));
        this.absence = new Absence(whole, repository.membership());
    }

    /** The names of the copies, one empty name if the repository is in one place. */
    public List<String> copies() {
        return List.copyOf(copies.keySet());
    }

    /** All objects of any copy behind a name, in the order of names, lazily; to be closed. */
    public Stream<ObjectInfo> objects(String after) throws IOException {
        @Nullable ObjectName behind = after.isEmpty() ? null : new ObjectName(after);
        return whole.list("", behind);
    }

    /**
     * Reads an object in one copy and authenticates it.
     *
     * @return what is wrong; empty if it is whole, or gone and nothing says that it must be there
     */
    public Optional<Finding> read(String copy, ObjectName name) {
        SealedStore sealed = java.util.Objects.requireNonNull(copies.get(copy));
        try {
            if (name.equals(Names.HEADER)) {
                sealed.readHeader();
            } else {
                sealed.readPayload(name);
            }
            return Optional.empty();
        } catch (ObjectDamagedException e) {
            return Optional.of(new Finding(Severity.DAMAGE, name.value(), e.reason()));
        } catch (ObjectNotFoundException | NotARepositoryException e) {
            return gone(name, e);
        } catch (IOException e) {
            return Optional.of(unknown(name, e));
        }
    }

    private Optional<Finding> gone(ObjectName name, IOException e) {
        try {
            // one that another copy still has was not removed: that needs all of them
            boolean required =
                    (copies.size() > 1 && whole.exists(name)) || absence.missed(name, repository.reloadHorizon());
            return required
                    ? Optional.of(new Finding(Severity.MISSING, name.value(), "it is not there"))
                    : Optional.empty();
        } catch (IOException cannotTell) {
            cannotTell.addSuppressed(e);
            return Optional.of(unknown(name, cannotTell));
        }
    }

    private static Finding unknown(ObjectName name, IOException e) {
        String message = String.valueOf(e.getMessage());
        return new Finding(
                Severity.UNKNOWN,
                name.value(),
                "it could not be read: " + message.substring(0, Math.min(MESSAGE_CHARS_MAX, message.length())));
    }
}
