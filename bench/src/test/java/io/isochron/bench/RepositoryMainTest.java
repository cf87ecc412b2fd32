package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RepositoryMainTest {
    @Test
    void aTinyRepositoryHasAllFigures() throws Exception {
        Map<String, Object> line = RepositoryMain.measure(8, 4, 12, 20_000, 50_000, 1, 1);
        for (String figure : new String[] {
            "capture_stored_per_wal_byte",
            "snapshot_stored_per_byte",
            "store_mb_per_second",
            "store_mb_per_cpu_second",
            "files_plan_seconds",
            "objects_list_seconds",
            "heap_mib_max",
            "rss_mib_max"
        }) {
            assertThat(((Number) line.get(figure)).doubleValue()).as(figure).isPositive();
        }
        for (String figure : new String[] {"capture", "backup", "restore"}) {
            assertThat((Long) line.get(figure + "_requests_per_gib")).as(figure).isPositive();
        }
        boolean peer = Files.isExecutable(Path.of("/usr/bin/pgbackrest"));
        assertThat(line.get("peer_mb_per_second") != null).isEqualTo(peer);
        assertThat(line.get("peer_reason") == null).isEqualTo(peer);
    }
}
