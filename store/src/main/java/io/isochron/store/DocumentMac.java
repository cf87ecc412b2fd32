package io.isochron.store;

import com.google.crypto.tink.Mac;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.UUID;

/**
 * Message authentication codes for documents that leave the repository. The code is HMAC-SHA256 (256-bit keys and tags, in Tink's form with the key's id in front) under keys derived from the repository's by HKDF-SHA256, one from each, with the
 * repository's id as salt and the document's kind as info. Whoever has the repository's key can make and check codes, nobody else can.
 */
public final class DocumentMac {
    private final RepositoryKey key;
    private final Mac mac;

    DocumentMac(RepositoryKey key, UUID repositoryId, String kind) {
        this.key = key;
        this.mac = key.mac(
                repositoryId.toString().getBytes(StandardCharsets.US_ASCII),
                ("document mac/" + kind).getBytes(StandardCharsets.UTF_8));
    }

    /** The id of the key that {@link #tag} uses, 8 hexadecimal digits; no secret. */
    public String keyId() {
        return key.primaryKeyId();
    }

    /** Whether the repository's set has a key. */
    public boolean knows(String keyId) {
        return key.keyIds().contains(keyId);
    }

    /** The code of a document. */
    public byte[] tag(byte[] document) {
        try {
            return mac.computeMac(document);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the repository key cannot authenticate", e);
        }
    }

    /** Whether a code was made of exactly this document, for this repository and kind, with one of its keys. */
    public boolean fits(byte[] tag, byte[] document) {
        try {
            mac.verifyMac(tag, document);
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
