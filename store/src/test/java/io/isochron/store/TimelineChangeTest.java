package io.isochron.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.objects.MemoryStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** WAL goes on from one timeline to the next, as the history of the next one says. */
class TimelineChangeTest {
    private static final long BRANCH = 0x1_2000_1000L;
    private static final ClusterIdentity CLUSTER =
            new ClusterIdentity(UUID.randomUUID(), "shop", List.of(new ShardIdentity("a", "1", 17, 16 << 20)));

    private static List<Finding> verified(long parentEnd, long childStart) throws IOException {
        Repository repository = Repository.init(new MemoryStore(), RepositoryKey.random(), CLUSTER, Instant.EPOCH);
        write(repository, 1, BRANCH - 0x1000, parentEnd);
        write(repository, 2, childStart, childStart + 0x1000);
        repository
                .timelineHistories()
                .put("a", 2, "1\t1/20001000\tno recovery target specified\n".getBytes(StandardCharsets.UTF_8));
        List<Finding> findings = new ArrayList<>();
        repository.verify(VerifyScope.ALL, findings::add);
        return findings;
    }

    private static void write(Repository repository, int timeline, long start, long end) throws IOException {
        repository.wal().write(new WalRange("a", timeline, start, end), ByteBuffer.allocate((int) (end - start)));
    }

    @Test
    void aTimelineThatBeginsWhereItsParentWasLeftIsWhole() throws IOException {
        assertThat(verified(BRANCH, BRANCH)).isEmpty();
        // an abandoned branch, and a child whose first segment file is archived from its beginning
        assertThat(verified(BRANCH + 0x500, BRANCH - 0x200)).isEmpty();
    }

    @Test
    void walThatIsMissingBeforeOrBehindTheChangeIsFound() throws IOException {
        assertThat(verified(BRANCH - 0x10, BRANCH))
                .singleElement()
                .satisfies(finding -> assertThat(finding.toString())
                        .contains("1/20000FF0 to 1/20001000 of timeline 1", "where a timeline changes"));
        assertThat(verified(BRANCH, BRANCH + 0x10))
                .singleElement()
                .satisfies(finding -> assertThat(finding.toString())
                        .contains("1/20001000 to 1/20001010 of timeline 2", "where a timeline changes"));
    }
}
