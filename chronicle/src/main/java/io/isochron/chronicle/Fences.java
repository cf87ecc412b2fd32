package io.isochron.chronicle;

import io.isochron.wal.Lsn;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The fences of a history. */
final class Fences {
    private final ClusterHistory history;

    Fences(ClusterHistory history) {
        this.history = history;
    }

    /** What is known of a fence: empty positions if no shard has a mark of it. */
    Fence byId(long id) {
        SortedMap<String, Lsn> positions = new TreeMap<>();
        long micros = Long.MIN_VALUE;
        for (ShardHistory shard : history.all()) {
            FenceMark mark = mark(shard.fences, id);
            if (mark != null) {
                positions.put(shard.shard, mark.at());
                micros = Math.max(micros, mark.referenceMicros());
            }
        }
        return new Fence(id, positions, micros);
    }

    boolean complete(Fence fence) {
        return fence.byShard().size() == history.all().size();
    }

    /** The latest fence of which every shard has a mark, not after one moment and not before another; null if there is none. */
    @Nullable
    Fence latest(long notAfterMicros, long notBeforeMicros) {
        for (ShardHistory shard : history.all()) {
            List<FenceMark> marks = shard.fences;
            for (int i = firstAfter(marks, notAfterMicros) - 1; i >= 0; i--) {
                if (marks.get(i).referenceMicros() < notBeforeMicros) {
                    return null;
                }
                Fence fence = byId(marks.get(i).id());
                if (complete(fence)) {
                    return fence;
                }
            }
            return null;
        }
        return null;
    }

    private static int firstAfter(List<FenceMark> marks, long micros) {
        int low = 0;
        int high = marks.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (marks.get(middle).referenceMicros() > micros) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private static @Nullable FenceMark mark(List<FenceMark> marks, long id) {
        int low = 0;
        int high = marks.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (marks.get(middle).id() < id) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < marks.size() && marks.get(low).id() == id ? marks.get(low) : null;
    }
}
