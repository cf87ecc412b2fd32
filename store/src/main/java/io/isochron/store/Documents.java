package io.isochron.store;

import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectName;
import java.io.IOException;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Small documents, written once: cut certificates, membership, catalogue observations and the like. Kind and id are parts of object names, which
 * are readable without the key: they must say nothing worth hiding.
 */
public final class Documents {
    /** The longest document. */
    public static final int MAX_BYTES = 32 << 20;

    private final SealedStore sealed;

    Documents(SealedStore sealed) {
        this.sealed = sealed;
    }

    /**
     * Writes a document, durable on return.
     *
     * @param kind and {@code id}: lower-case letters, digits, {@code .}, {@code _}, {@code -}; at most 128 characters each
     * @throws ObjectExistsException if there is one of this kind and id
     */
    public void put(String kind, String id, byte[] json) throws IOException {
        if (json.length > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "document " + kind + "/" + id + " has " + json.length + " bytes\nhint: the limit is " + MAX_BYTES);
        }
        sealed.create(name(kind, id), ObjectKind.DOCUMENT, json);
    }

    /** The document, or empty if it is certain that there is none. */
    public Optional<byte[]> get(String kind, String id) throws IOException {
        return sealed.find(name(kind, id), ObjectKind.DOCUMENT);
    }

    /** The ids of all documents of a kind, ascending, lazily; to be closed. */
    public Stream<String> list(String kind) throws IOException {
        return sealed.list(name(kind, "0").value().replaceFirst("0$", ""), null)
                .map(info -> info.name().lastSegment());
    }

    private static ObjectName name(String kind, String id) {
        if (!ObjectName.isSegment(kind) || !ObjectName.isSegment(id)) {
            throw new IllegalArgumentException("document " + kind + "/" + id
                    + " cannot be named so\nhint: use lower-case letters, digits, '.', '_' and '-'");
        }
        return Names.document(kind, id);
    }
}
