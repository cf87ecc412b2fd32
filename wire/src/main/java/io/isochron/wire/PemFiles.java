package io.isochron.wire;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/** Certificates and private keys in the files libpq uses: PEM, keys also as PKCS #8 DER. */
final class PemFiles {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private PemFiles() {}

    static List<Certificate> certificates(Path file) throws IOException, GeneralSecurityException {
        try (var in = new ByteArrayInputStream(Files.readAllBytes(file))) {
            return List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(in));
        }
    }

    /**
     * Reads a private key of which others know nothing.
     *
     * @param password for an encrypted key
     */
    static PrivateKey privateKey(Path file, @Nullable String password) throws IOException, GeneralSecurityException {
        checkPermissions(file);
        byte[] content = Files.readAllBytes(file);
        Matcher pem = KEY.matcher(new String(content, StandardCharsets.ISO_8859_1));
        if (!pem.find()) {
            return decode(content);
        }
        byte[] der = Base64.getMimeDecoder().decode(pem.group(2));
        return switch (pem.group(1)) {
            case "PRIVATE KEY" -> decode(der);
            case "RSA PRIVATE KEY" -> decode(wrapRsa(der));
            case "ENCRYPTED PRIVATE KEY" -> decrypt(file, der, password);
            default ->
                throw new InvalidKeySpecException("private key file \"" + file + "\" holds a '" + pem.group(1)
                        + "'\nhint: Convert it with: openssl pkcs8 -topk8 -nocrypt.");
        };
    }

    private static void checkPermissions(Path file) throws IOException {
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        boolean rootsKey = Files.getOwner(file).getName().equals("root");
        for (PosixFilePermission permission : permissions) {
            boolean fine = switch (permission) {
                case OWNER_READ, OWNER_WRITE, OWNER_EXECUTE -> true;
                case GROUP_READ -> rootsKey;
                case GROUP_WRITE, GROUP_EXECUTE, OTHERS_READ, OTHERS_WRITE, OTHERS_EXECUTE -> false;
            };
            if (!fine) {
                throw new IOException("private key file \"" + file
                        + "\" has group or world access\nhint: Its permissions must be u=rw (0600) or less, or u=rw,g=r (0640)"
                        + " if root owns it.");
            }
        }
    }

    private static PrivateKey decode(byte[] pkcs8) throws GeneralSecurityException {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(pkcs8);
        InvalidKeySpecException last = new InvalidKeySpecException("no known kind of key");
        for (String algorithm : List.of("RSA", "EC", "EdDSA", "RSASSA-PSS")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                last = e;
            }
        }
        throw last;
    }

    private static PrivateKey decrypt(Path file, byte[] der, @Nullable String password)
            throws IOException, GeneralSecurityException {
        if (password == null) {
            throw new InvalidKeySpecException("private key file \"" + file + "\" is encrypted\nhint: Set sslpassword.");
        }
        EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
        // The name of PBES2 algorithms is only in the parameters.
        String algorithm =
                info.getAlgName().equals("PBES2") ? info.getAlgParameters().toString() : info.getAlgName();
        Cipher cipher = Cipher.getInstance(algorithm);
        cipher.init(
                Cipher.DECRYPT_MODE,
                SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password.toCharArray())),
                info.getAlgParameters());
        return decode(info.getKeySpec(cipher).getEncoded());
    }

    /** PKCS #1 inside PKCS #8: version 0, algorithm rsaEncryption, the key as octet string (RFC 5208, RFC 8017). */
    private static byte[] wrapRsa(byte[] pkcs1) {
        byte[] version = {2, 1, 0};
        byte[] algorithm = {0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 13, 1, 1, 1, 5, 0};
        return der(0x30, version, algorithm, der(4, pkcs1));
    }

    private static byte[] der(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        java.nio.ByteBuffer out = java.nio.ByteBuffer.allocate(length + 4);
        out.put((byte) tag).put((byte) 0x82).putShort((short) length); // a length below 65536 in the two-byte form
        for (byte[] part : parts) {
            out.put(part);
        }
        return out.array();
    }
}
