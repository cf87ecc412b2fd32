package io.isochron.upkeep;

import io.isochron.capture.MadeServer;
import io.isochron.wal.Lsn;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** What really was: a server's WAL, the files of every snapshot that was begun, and what the product said is durable or given up. */
final class ArchiveTruth {
    static final String SHARD = "north";
    static final String SYSTEM = "7000000000000000001";

    /** How far a snapshot came. */
    enum State {
        /** Nobody may ever see it. */
        BEGUN,
        /** Its publication may have succeeded. */
        PERHAPS,
        PUBLISHED,
        /** It may have been given up. */
        PERHAPS_DROPPED,
        DROPPED
    }

    /** A snapshot that was begun. */
    static final class Shot {
        final TreeMap<String, byte[]> files = new TreeMap<>();
        final Lsn start;
        Lsn end;
        State state = State.BEGUN;

        Shot(Lsn start) {
            this.start = start;
            this.end = start;
        }
    }

    final MadeServer server;
    final Map<String, Shot> shots = new HashMap<>();
    /** The order in which snapshots were published. */
    final List<String> published = new ArrayList<>();

    private Lsn confirmed;

    ArchiveTruth(Random random) {
        server = new MadeServer(17, Long.parseLong(SYSTEM), random);
        confirmed = server.start();
    }

    /** The server was told that it may forget its WAL up to here. */
    void confirmed(Lsn to) {
        confirmed = Lsn.max(confirmed, to);
    }

    Lsn confirmed() {
        return confirmed;
    }

    /** A data directory with files of many sizes; now and then larger than a pack's frame. */
    Shot shot(Random random) {
        Shot shot = new Shot(server.end());
        shot.files.put("PG_VERSION", "17\n".getBytes(StandardCharsets.UTF_8));
        shot.files.put("base/5/empty", new byte[0]);
        for (int i = 1 + random.nextInt(4); i >= 0; i--) {
            shot.files.put("base/5/" + (16384 + i), bytes(random, random.nextInt(30_000)));
        }
        if (random.nextInt(24) == 0) {
            shot.files.put("base/5/20000", bytes(random, (1 << 20) + random.nextInt(1 << 20)));
        }
        shot.files.put("global/pg_control", bytes(random, 8192));
        shot.files.put("backup_manifest", manifest(shot.files));
        return shot;
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** As PostgreSQL lists its files. */
    private static byte[] manifest(Map<String, byte[]> files) {
        StringBuilder json = new StringBuilder("{\"PostgreSQL-Backup-Manifest-Version\":1,\"Files\":[");
        String comma = "";
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            CRC32C crc = new CRC32C();
            crc.update(file.getValue());
            json.append(comma)
                    .append("{\"Path\":\"%s\",\"Size\":%d,\"Checksum-Algorithm\":\"CRC32C\",\"Checksum\":\"%08x\"}"
                            .formatted(
                                    file.getKey(), file.getValue().length, Integer.reverseBytes((int) crc.getValue())));
            comma = ",";
        }
        return json.append("]}").toString().getBytes(StandardCharsets.UTF_8);
    }
}
