package io.isochron.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;

/** Damages files as a bad disk does. Files that are read-only are made writable for the moment. */
public final class ByteFlipper {
    private ByteFlipper() {}

    /** Inverts the bits of the mask in one byte. */
    public static void flip(Path file, long offset, int mask) throws IOException {
        Set<PosixFilePermission> before = Files.getPosixFilePermissions(file);
        Set<PosixFilePermission> writable = new HashSet<>(before);
        writable.add(PosixFilePermission.OWNER_WRITE);
        Files.setPosixFilePermissions(file, writable);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            if (channel.read(one, offset) != 1) {
                throw new IOException("'" + file + "' has no byte at " + offset);
            }
            one.put(0, (byte) (one.get(0) ^ mask)).flip();
            channel.write(one, offset);
        } finally {
            Files.setPosixFilePermissions(file, before);
        }
    }

    /** Inverts one random bit; returns the offset of its byte. */
    public static long flipOneBit(Path file, Random random) throws IOException {
        long offset = (long) (random.nextDouble() * Files.size(file));
        flip(file, offset, 1 << random.nextInt(8));
        return offset;
    }
}
