package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.workload.Acknowledged;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardingSphereTrafficTest {
    @TempDir
    Path target;

    @Test
    void withoutItsLibrariesTheProfileThatBringsThemIsNamed() throws Exception {
        assertThatThrownBy(() -> ShardingSphereTraffic.libraries(target))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--coordinator is 'shardingsphere', which is not built in\nhint: ")
                .hasMessageContaining("-Pshardingsphere");
        Path libraries = Files.createDirectory(target.resolve("shardingsphere"));
        assertThat(ShardingSphereTraffic.libraries(target)).isEqualTo(libraries);
    }

    @Test
    void whatTheClientsWriteIsWhatIsRead() {
        Acknowledged one = new Acknowledged(Acknowledged.Kind.ACROSS, 1L << 45, 2, 0, 11, 22, 33);
        assertThat(ShardingSphereClients.parse(ShardingSphereClients.line(one))).isEqualTo(one);
        assertThat(ShardingSphereClients.parse("[INFO ] main - started")).isNull();
    }
}
