package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FindMainTest {
    @Test
    void theAccidentIsFoundFirstAmongTheUsualJobsOfASingleShard(@TempDir Path directory) throws Exception {
        Map<String, Object> line = FindMain.measure(directory, 1, 10, 5, 1, 1);
        assertThat(line).containsEntry("found", true).containsEntry("ledger_objects", 5L);
        assertThat(line.get("find_cpu_seconds")).isInstanceOf(Double.class).isNotEqualTo(0.0);
    }
}
