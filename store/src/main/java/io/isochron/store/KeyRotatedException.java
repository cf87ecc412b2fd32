package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.StoreException;

/** An object does not open, and the repository's key was rotated to one that the key at hand lacks. */
public final class KeyRotatedException extends StoreException {
    private static final long serialVersionUID = 1L;

    KeyRotatedException(ObjectName name, RepositoryKey key, KeyChange change, ObjectDamagedException cause) {
        super(
                "object " + name + " does not open with key " + String.join(", ", key.keyIds())
                        + ": the repository's key was rotated to " + change.to() + " on " + change.recorded() + " by "
                        + change.by()
                        + ", and the key given here lacks that one\nhint: copy the new key file here; see `isochron key show` where it was rotated",
                cause);
    }
}
