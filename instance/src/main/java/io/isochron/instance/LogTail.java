package io.isochron.instance;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The end of a server's log, for error messages. */
final class LogTail {
    private static final int BYTES_MAX = 8192;
    private static final int LINES_MAX = 25;

    private LogTail() {}

    /** The last lines from the position on; a log that cannot be read is said so, because an error is on its way already. */
    static String read(Path log, long from) {
        try (FileChannel channel = FileChannel.open(log)) {
            long start = Math.max(from, channel.size() - BYTES_MAX);
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, channel.size() - start));
            channel.read(bytes, start);
            List<String> lines = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LINES_MAX), lines.size()));
        } catch (IOException e) {
            return "(log '" + log + "' cannot be read: " + e.getMessage() + ")";
        }
    }
}
