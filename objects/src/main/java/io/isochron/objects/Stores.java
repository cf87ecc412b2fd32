package io.isochron.objects;

import java.io.IOException;

/** Opens stores by their places. */
public final class Stores {
    /**
     * Makes a store where there may be none yet. A bucket must exist; the store must show that it refuses to create what exists.
     *
     * @throws StoreException if there cannot be a store
     */
    public ObjectStore create(Place place) throws IOException {
        return switch (place) {
            case Place.Folder folder -> FileSystemStore.create(folder.path());
            case Place.S3 s3 -> {
                S3Store store = S3Store.open(s3.settings());
                store.requireConditionalWrites();
                yield store;
            }
        };
    }

    /**
     * Opens a store.
     *
     * @throws NotARepositoryException if it is certain that there is none
     */
    public ObjectStore open(Place place) throws IOException {
        return switch (place) {
            case Place.Folder folder -> FileSystemStore.open(folder.path());
            case Place.S3 s3 -> S3Store.open(s3.settings());
        };
    }
}
