package io.isochron.store;

import com.google.crypto.tink.AccessesPartialKey;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeyStatus;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.Mac;
import com.google.crypto.tink.StreamingAead;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.mac.HmacKey;
import com.google.crypto.tink.mac.HmacParameters;
import com.google.crypto.tink.mac.MacConfig2026;
import com.google.crypto.tink.streamingaead.AesGcmHkdfStreamingKey;
import com.google.crypto.tink.streamingaead.AesGcmHkdfStreamingParameters;
import com.google.crypto.tink.streamingaead.StreamingAeadConfig2026;
import com.google.crypto.tink.subtle.Hkdf;
import com.google.crypto.tink.util.SecretBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The secret that seals a repository: a Tink keyset of streaming AEAD keys (AES256-GCM-HKDF, ciphertext segments of 64 KiB; Tink documentation,
 * "Streaming AEAD"). Whoever loses it loses the repository. It is kept in a {@link KeyFile} or wherever else its owner keeps
 * secrets. Never printed: {@link #toString} names key ids only.
 */
public final class RepositoryKey {
    private static final int SEGMENT_BYTES = 64 << 10;
    private static final int MAC_BYTES = 32;

    private final KeysetHandle keyset;
    private final StreamingAead aead;
    private final SealOpening opening;

    private RepositoryKey(KeysetHandle keyset) throws GeneralSecurityException {
        this.keyset = keyset;
        this.aead = keyset.getPrimitive(StreamingAeadConfig2026.get(), StreamingAead.class);
        this.opening = new SealOpening(secrets(keyset));
    }

    /** A new random key that is in no file. */
    public static RepositoryKey random() {
        try {
            return new RepositoryKey(KeysetHandle.generateNew(
                    AesGcmHkdfStreamingParameters.builder()
                            .setKeySizeBytes(32)
                            .setDerivedAesGcmKeySizeBytes(32)
                            .setHkdfHashType(AesGcmHkdfStreamingParameters.HashType.SHA256)
                            .setCiphertextSegmentSizeBytes(SEGMENT_BYTES)
                            .build(),
                    StreamingAeadConfig2026.get()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime lacks AES-GCM or HMAC-SHA256", e);
        }
    }

    /** Makes a new key in a new {@link KeyFile} that nothing wraps. */
    public static RepositoryKey generate(Path file) throws IOException {
        return new KeyFile(file, null).create();
    }

    /** Reads a {@link KeyFile} that nothing wraps. */
    public static RepositoryKey load(Path file) throws IOException {
        return new KeyFile(file, null).load();
    }

    /**
     * Reads a keyset in Tink's JSON form or the Base64 of that.
     *
     * @param where what it comes from, for the error, which does not repeat it
     * @throws KeyFileException if it is none
     */
    public static RepositoryKey parse(String text, String where) throws KeyFileException {
        String json = text.strip();
        try {
            if (!json.startsWith("{")) {
                json = new String(Base64.getMimeDecoder().decode(json), StandardCharsets.UTF_8);
            }
            return new RepositoryKey(TinkJsonProtoKeysetFormat.parseKeyset(
                    json, StreamingAeadConfig2026.get(), InsecureSecretKeyAccess.get()));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            // the cause may quote what was given
            throw new KeyFileException(where + " does not hold a key of Isochron\nhint: give the key that init made");
        }
    }

    /** Secret: Tink's JSON form. */
    String serialize() {
        try {
            return TinkJsonProtoKeysetFormat.serializeKeyset(
                    keyset, StreamingAeadConfig2026.get(), InsecureSecretKeyAccess.get());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key just made cannot be written", e);
        }
    }

    /** This set with a new random key, which does not seal yet. */
    RepositoryKey withNewKey() {
        RepositoryKey fresh = random();
        while (keyIds().contains(fresh.primaryKeyId())) {
            fresh = random();
        }
        KeysetHandle.Entry added = fresh.keyset.getPrimary();
        return built(KeysetHandle.newBuilder(keyset)
                .addEntry(KeysetHandle.importKey(added.getKey()).withFixedId(added.getId())));
    }

    /**
     * This set with another key of it as the one that seals.
     *
     * @throws IllegalArgumentException if it is none of the set
     */
    RepositoryKey sealingWith(String id) {
        KeysetHandle.Builder builder = KeysetHandle.newBuilder(keyset);
        for (int i = 0; i < keyset.size(); i++) {
            if (hex(keyset.getAt(i).getId()).equals(id)) {
                builder.getAt(i).makePrimary();
                return built(builder);
            }
        }
        throw new IllegalArgumentException("key " + id + " is none of " + keyIds());
    }

    private static RepositoryKey built(KeysetHandle.Builder builder) {
        try {
            return new RepositoryKey(builder.build());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a keyset cannot be put together", e);
        }
    }

    /** Whether it is the same keys with the same primary. */
    boolean equalsKey(RepositoryKey other) {
        return keyset.equalsKeyset(other.keyset);
    }

    StreamingAead aead() {
        return aead;
    }

    SealOpening opening() {
        return opening;
    }

    /** Of the keys that are in use and of the one type that seals; Tink refuses another when it opens. */
    @AccessesPartialKey
    private static List<byte[]> secrets(KeysetHandle keyset) {
        List<byte[]> secrets = new ArrayList<>();
        // the newest are last, and sealed what is read most
        for (int i = keyset.size() - 1; i >= 0; i--) {
            KeysetHandle.Entry entry = keyset.getAt(i);
            if (entry.getStatus() == KeyStatus.ENABLED
                    && entry.getKey() instanceof AesGcmHkdfStreamingKey key
                    && sealsLikeThis(key)) {
                secrets.add(key.getInitialKeyMaterial().toByteArray(InsecureSecretKeyAccess.get()));
            }
        }
        return secrets;
    }

    private static boolean sealsLikeThis(AesGcmHkdfStreamingKey key) {
        AesGcmHkdfStreamingParameters parameters = key.getParameters();
        return parameters.getHkdfHashType() == AesGcmHkdfStreamingParameters.HashType.SHA256
                && parameters.getDerivedAesGcmKeySizeBytes() == SealOpening.DERIVED_BYTES
                && parameters.getCiphertextSegmentSizeBytes() == SEGMENT_BYTES;
    }

    /** Codes under keys derived from those of this set by HKDF-SHA256; they have the same ids and the same primary. */
    @AccessesPartialKey
    Mac mac(byte[] salt, byte[] info) {
        try {
            HmacParameters parameters = HmacParameters.builder()
                    .setKeySizeBytes(MAC_BYTES)
                    .setTagSizeBytes(MAC_BYTES)
                    .setHashType(HmacParameters.HashType.SHA256)
                    .setVariant(HmacParameters.Variant.TINK)
                    .build();
            KeysetHandle.Builder keys = KeysetHandle.newBuilder();
            for (int i = 0; i < keyset.size(); i++) {
                KeysetHandle.Entry entry = keyset.getAt(i);
                AesGcmHkdfStreamingKey secret = (AesGcmHkdfStreamingKey) entry.getKey();
                byte[] derived = Hkdf.computeHkdf(
                        "HmacSha256",
                        secret.getInitialKeyMaterial().toByteArray(InsecureSecretKeyAccess.get()),
                        salt,
                        info,
                        MAC_BYTES);
                HmacKey key = HmacKey.builder()
                        .setParameters(parameters)
                        .setKeyBytes(SecretBytes.copyFrom(derived, InsecureSecretKeyAccess.get()))
                        .setIdRequirement(entry.getId())
                        .build();
                KeysetHandle.Builder.Entry made =
                        KeysetHandle.importKey(key).withFixedId(entry.getId()).setStatus(entry.getStatus());
                keys.addEntry(entry.isPrimary() ? made.makePrimary() : made);
            }
            return keys.build().getPrimitive(MacConfig2026.get(), Mac.class);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the repository key gives no key for authentication", e);
        }
    }

    /** The id of the key that seals, 8 hexadecimal digits; no secret. */
    public String primaryKeyId() {
        return hex(keyset.getPrimary().getId());
    }

    /** The ids of all keys of the set; no secret. */
    public Set<String> keyIds() {
        return IntStream.range(0, keyset.size())
                .mapToObj(i -> hex(keyset.getAt(i).getId()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String hex(int id) {
        return String.format(java.util.Locale.ROOT, "%08x", id);
    }

    @Override
    public String toString() {
        return "repository key " + String.join(", ", keyIds());
    }
}
