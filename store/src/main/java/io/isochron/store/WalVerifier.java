package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads all WAL and checks that it goes on without holes, also from a timeline to the one that branched off from it, and that pieces which overlap agree.
 */
final class WalVerifier {
    private static final Pattern ANCESTOR = Pattern.compile("\\s*(\\d{1,10})\\s+([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})");

    private final Verifier verifier;
    private final SealedStore sealed;
    private final ClusterIdentity cluster;
    private final Horizon horizon;
    private final WalArchive archive;
    private @Nullable WalRange last;
    private byte @Nullable [] lastBytes;
    private long end;
    /** Of the shard that is being read: where the WAL of each timeline begins. */
    private final Map<Integer, Long> first = new HashMap<>();
    /** Of the shard that is being read: where each timeline with a history branched off. */
    private final Map<Integer, Branch> branches = new TreeMap<>();

    private record Branch(int parent, long at) {}

    WalVerifier(Verifier verifier, SealedStore sealed, ClusterIdentity cluster, Horizon horizon) {
        this.verifier = verifier;
        this.sealed = sealed;
        this.cluster = cluster;
        this.horizon = horizon;
        this.archive = new WalArchive(sealed, cluster);
    }

    void run() throws IOException {
        for (int number = 1; number <= cluster.shards().size(); number++) {
            ShardIdentity shard = cluster.shards().get(number - 1);
            last = null;
            first.clear();
            branches.clear();
            verifier.each("wal/" + Names.shard(number) + "/", info -> {
                if (info.name().value().endsWith(".history")) {
                    history(info.name(), sealed.read(info.name(), ObjectKind.TIMELINE_HISTORY));
                } else {
                    piece(shard.name(), info.name());
                }
            });
            branches(shard.name());
        }
    }

    /** Keeps where a timeline branched off: the last line of its history with content ({@code timeline TAB position TAB reason}). */
    private void history(ObjectName name, byte[] content) {
        @Nullable Branch branch = null;
        for (String line : new String(content, StandardCharsets.UTF_8).lines().toList()) {
            Matcher matcher = ANCESTOR.matcher(line);
            if (matcher.lookingAt()) {
                branch = new Branch(
                        Integer.parseUnsignedInt(matcher.group(1)),
                        Long.parseUnsignedLong(matcher.group(2), 16) << 32
                                | Long.parseUnsignedLong(matcher.group(3), 16));
            }
        }
        if (branch != null) {
            branches.put(Integer.parseUnsignedInt(name.lastSegment().substring(0, 8), 16), branch);
        }
    }

    /** Where both a timeline and its parent are archived, the parent must reach the branch point and the child begin there. */
    private void branches(String shard) throws IOException {
        int number = cluster.number(shard);
        for (Map.Entry<Integer, Branch> entry : branches.entrySet()) {
            int timeline = entry.getKey();
            Branch branch = entry.getValue();
            Long childBegin = first.get(timeline);
            Long parentBegin = first.get(branch.parent());
            if (childBegin == null || parentBegin == null) {
                continue;
            }
            if (Long.compareUnsigned(childBegin, branch.at()) > 0) {
                missing(shard, number, timeline, branch.at(), childBegin);
            }
            long reached = archive.contiguousEnd(shard, branch.parent(), parentBegin);
            // a hole within the parent was found already
            if (Long.compareUnsigned(reached, branch.at()) < 0
                    && archive.gaps(shard, branch.parent()).isEmpty()) {
                missing(shard, number, branch.parent(), reached, branch.at());
            }
        }
    }

    private void missing(String shard, int number, int timeline, long from, long to) {
        if (!horizon.keepsWal(shard, from, to)) {
            return;
        }
        verifier.find(
                Severity.MISSING,
                Names.wal(number, timeline, from, to).value(),
                "wal of shard " + shard + " from " + Names.lsn(from) + " to " + Names.lsn(to) + " of timeline "
                        + Integer.toUnsignedString(timeline) + " is missing, where a timeline changes");
    }

    private void piece(String shard, ObjectName name) throws IOException {
        String[] parts = name.value().split("/");
        WalRange range;
        try {
            range = WalArchive.range(shard, Integer.parseUnsignedInt(parts[2], 16), name);
        } catch (IllegalArgumentException e) {
            throw new ObjectDamagedException(name, "its name is not one of a wal object", e);
        }
        first.putIfAbsent(range.timeline(), range.start());
        WalRange before = last;
        boolean follows = before != null && before.timeline() == range.timeline();
        if (follows
                && Long.compareUnsigned(range.start(), end) > 0
                && horizon.keepsWal(shard, /* start= */ end, /* end= */ range.start())) {
            int number = cluster.number(shard);
            verifier.find(
                    Severity.MISSING,
                    Names.wal(number, range.timeline(), /* start= */ end, /* end= */ range.start())
                            .value(),
                    "wal of shard " + shard + " from " + Names.lsn(end) + " to " + Names.lsn(range.start())
                            + " is missing");
        }
        long reached = follows && Long.compareUnsigned(end, range.end()) > 0 ? end : range.end();
        byte[] previous = follows ? lastBytes : null;
        last = range;
        lastBytes = null;
        end = reached;
        byte[] bytes = archive.read(range);
        lastBytes = bytes;
        if (before != null && previous != null && Long.compareUnsigned(range.start(), before.end()) < 0) {
            int from = (int) (range.start() - before.start());
            int count = Math.min(previous.length - from, bytes.length);
            if (!ByteBuffer.wrap(previous, from, count).equals(ByteBuffer.wrap(bytes, 0, count))) {
                throw new ObjectDamagedException(
                        name,
                        "its bytes differ from those of the piece before it, which ends at " + Names.lsn(before.end()));
            }
        }
    }
}
