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
import io.isochron.objects.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The secret that seals a repository: a Tink keyset of streaming AEAD keys (AES256-GCM-HKDF, ciphertext segments of 64 KiB; Tink documentation,
 * "Streaming AEAD"). Whoever loses it loses the repository. It is kept in a file of mode 0600 that holds Tink's JSON form of a keyset. Never
 * printed: {@link #toString} names key ids only.
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

    /**
     * Makes a new key and keeps it in a new file of mode 0600, durable on return.
     *
     * @throws KeyFileException if the file exists
     */
    public static RepositoryKey generate(Path file) throws IOException {
        RepositoryKey key = random();
        byte[] json = (key.serialize() + "\n").getBytes(StandardCharsets.UTF_8);
        Set<PosixFilePermission> permissions = PosixFilePermissions.fromString("rw-------");
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(permissions))) {
            ByteBuffer buffer = ByteBuffer.wrap(json);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        } catch (FileAlreadyExistsException e) {
            throw new KeyFileException(
                    "key file " + file
                            + " exists already\nhint: it may be the only key of a repository; choose another path",
                    e);
        } catch (NoSuchFileException e) {
            throw new KeyFileException(
                    "key file " + file + " cannot be made: its folder does not exist\nhint: make the folder first", e);
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Durability.syncDirectory(folder);
        }
        return key;
    }

    /**
     * Reads a key file.
     *
     * @throws KeyFileException if there is none, it is not a key, or group or others have any right to it
     */
    public static RepositoryKey load(Path file) throws IOException {
        String json;
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (permissions.stream().anyMatch(permission -> !permission.name().startsWith("OWNER_"))) {
                throw new KeyFileException(
                        "key file " + file + " has mode " + PosixFilePermissions.toString(permissions)
                                + ", others than its owner can use it\nhint: chmod 600 " + file);
            }
            json = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new KeyFileException(
                    "key file " + file
                            + " does not exist\nhint: give the key file that init made; without it the repository cannot be read",
                    e);
        }
        try {
            return new RepositoryKey(TinkJsonProtoKeysetFormat.parseKeyset(
                    json, StreamingAeadConfig2026.get(), InsecureSecretKeyAccess.get()));
        } catch (GeneralSecurityException e) {
            throw new KeyFileException(
                    "key file " + file + " does not hold a key of Isochron\nhint: give the key file that init made", e);
        }
    }

    private String serialize() {
        try {
            return TinkJsonProtoKeysetFormat.serializeKeyset(
                    keyset, StreamingAeadConfig2026.get(), InsecureSecretKeyAccess.get());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key just made cannot be written", e);
        }
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
        for (int i = 0; i < keyset.size(); i++) {
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
