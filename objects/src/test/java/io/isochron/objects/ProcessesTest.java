package io.isochron.objects;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds when writers are processes of their own and die. */
class ProcessesTest {
    @TempDir
    Path directory;

    @Test
    void aKilledWriterLeavesWholeObjectsOnlyAndAllItSaidItHadCreated() throws Exception {
        long seed = ObjectStoreContract.seed();
        Random random = new Random(seed);
        for (int round = 0; round < 3; round++) {
            FileSystemStore store = FileSystemStore.create(directory.resolve("killed" + round));
            Set<Integer> acknowledged;
            try (ChildWriter writer =
                    ChildWriter.start(directory.resolve("killed" + round), round, Integer.MAX_VALUE)) {
                acknowledged = writer.killAfter(1 + random.nextInt(10), random.nextInt(30));
            }
            Set<Integer> visible = new TreeSet<>();
            try (Stream<ObjectInfo> objects = store.list("", null)) {
                for (ObjectInfo info : (Iterable<ObjectInfo>) objects::iterator) {
                    int number = Integer.parseInt(info.name().lastSegment());
                    assertThat(store.readAll(info.name(), 1 << 20))
                            .as("seed %d", seed)
                            .isEqualTo(ChildWriter.bytes(round, number));
                    visible.add(number);
                }
            }
            assertThat(visible).as("seed %d", seed).containsAll(acknowledged);
            assertThat(visible.size()).isBetween(acknowledged.size(), acknowledged.size() + 1);
        }
    }

    @Test
    void ofTwoProcessesThatCreateTheSameNamesEachNameIsWonOnce() throws IOException, InterruptedException {
        FileSystemStore store = FileSystemStore.create(directory.resolve("raced"));
        int count = 60;
        Set<Integer> one;
        Set<Integer> two;
        try (ChildWriter first = ChildWriter.start(directory.resolve("raced"), 1, count);
                ChildWriter second = ChildWriter.start(directory.resolve("raced"), 2, count)) {
            one = first.await();
            two = second.await();
        }
        // one of the two may have won all names before the other had started
        assertThat(java.util.Collections.disjoint(one, two)).isTrue();
        Set<Integer> all = new TreeSet<>(one);
        all.addAll(two);
        assertThat(all)
                .containsExactlyElementsOf(IntStream.range(0, count).boxed().toList());
        for (int number = 0; number < count; number++) {
            assertThat(store.readAll(ChildWriter.name(number), 1 << 20))
                    .isEqualTo(ChildWriter.bytes(one.contains(number) ? 1 : 2, number));
        }
    }
}
