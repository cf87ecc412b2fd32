package io.isochron.store;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Opens whole objects that Tink's streaming AEAD sealed, straight from the bytes. Tink's own stream takes three buffers of 64 KiB for each object, while most objects, and nearly all that a cut is
 * computed from, have a few KiB. The format is Tink's (documentation, "Streaming AEAD", AES-GCM-HKDF; also in docs/repository-format.md); the primitives are Java's.
 */
final class SealOpening {
    private static final int SALT_BYTES = 32;
    private static final int PREFIX_BYTES = 7;
    private static final int NONCE_BYTES = 12;
    static final int DERIVED_BYTES = 32;

    /** Looking them up among the providers takes as long as opening a small object. */
    private static final BlockingQueue<Primitives> IDLE = new ArrayBlockingQueue<>(16);

    /** What opens an object, one at a time. */
    private record Primitives(KDF kdf, Cipher cipher) {
        static Primitives take() throws GeneralSecurityException {
            @Nullable Primitives idle = IDLE.poll();
            return idle == null
                    ? new Primitives(KDF.getInstance("HKDF-SHA256"), Cipher.getInstance("AES/GCM/NoPadding"))
                    : idle;
        }
    }

    /** Key material of each key of the set; secret. */
    private final List<byte[]> secrets;

    /** @param secrets initial key material of the keys, which are tried in turn */
    SealOpening(List<byte[]> secrets) {
        this.secrets = List.copyOf(secrets);
    }

    /**
     * What was sealed; null if it does not authenticate under any key.
     *
     * @param plainBytes its length, as the sealed length gives it
     */
    byte @Nullable [] open(byte[] associatedData, byte[] sealed, int plainBytes) {
        if (sealed[0] != Seal.HEADER_BYTES) {
            return null;
        }
        for (byte[] secret : secrets) {
            try {
                return open(secret, associatedData, sealed, plainBytes);
            } catch (GeneralSecurityException e) {
                // not this key, or damaged: who asks finds out which
            }
        }
        return null;
    }

    private static byte[] open(byte[] secret, byte[] associatedData, byte[] sealed, int plainBytes)
            throws GeneralSecurityException {
        byte[] salt = new byte[SALT_BYTES];
        System.arraycopy(sealed, 1, salt, 0, SALT_BYTES);
        Primitives primitives = Primitives.take();
        byte[] derived = primitives
                .kdf()
                .deriveData(HKDFParameterSpec.ofExtract()
                        .addIKM(secret)
                        .addSalt(salt)
                        .thenExpand(associatedData, DERIVED_BYTES));
        byte[] plain = open(primitives.cipher(), new SecretKeySpec(derived, "AES"), sealed, plainBytes);
        // those that failed are not used again
        IDLE.offer(primitives);
        return plain;
    }

    private static byte[] open(Cipher cipher, SecretKeySpec key, byte[] sealed, int plainBytes)
            throws GeneralSecurityException {
        byte[] plain = new byte[plainBytes];
        byte[] nonce = new byte[NONCE_BYTES];
        System.arraycopy(sealed, 1 + SALT_BYTES, nonce, 0, PREFIX_BYTES);
        int at = Seal.HEADER_BYTES;
        int written = 0;
        for (int number = 0; at < sealed.length || number == 0; number++) {
            // the first segment is shorter by the header
            int end = (int) Math.min(sealed.length, (number + 1L) * Seal.SEGMENT_BYTES);
            nonce[PREFIX_BYTES] = (byte) (number >>> 24);
            nonce[PREFIX_BYTES + 1] = (byte) (number >>> 16);
            nonce[PREFIX_BYTES + 2] = (byte) (number >>> 8);
            nonce[PREFIX_BYTES + 3] = (byte) number;
            nonce[NONCE_BYTES - 1] = (byte) (end == sealed.length ? 1 : 0);
            cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(8 * Seal.TAG_BYTES, nonce));
            written += cipher.doFinal(sealed, at, end - at, plain, written);
            at = end;
        }
        if (written != plainBytes) {
            throw new GeneralSecurityException("segments hold " + written + " bytes, not " + plainBytes);
        }
        return plain;
    }
}
