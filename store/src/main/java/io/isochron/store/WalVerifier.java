package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.store.Finding.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads all WAL and checks that it goes on without holes, also from a timeline to the one that branched off from it, and that pieces which overlap agree.
 */
final class WalVerifier {
    private static final Pattern ANCESTOR = Pattern.compile("\\s*(\\d{1,10})\\s+([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})");

    private final Verifier verifier;
    private final SealedStore sealed;
    private final ClusterIdentity cluster;
    private final WalArchive archive;
    /** Of the timeline that is being read: the piece that reaches furthest, and its bytes. */
    private @Nullable WalRange widest;

    private byte @Nullable [] widestBytes;
    private int timeline;
    /** Up to where it was read, or found missing. */
    private long end;
    /** The same before the piece that was looked at last. */
    private long endBefore;

    /** Of the shard that is being read: where the WAL of each timeline begins. */
    private final Map<Integer, Long> first = new HashMap<>();
    /** Of the shard that is being read: where each timeline with a history branched off. */
    private final Map<Integer, Branch> branches = new TreeMap<>();

    private record Branch(int parent, long at) {}

    WalVerifier(Verifier verifier, SealedStore sealed, ClusterIdentity cluster) {
        this.verifier = verifier;
        this.sealed = sealed;
        this.cluster = cluster;
        this.archive = new WalArchive(sealed, cluster);
    }

    void run() throws IOException {
        for (int number = 1; number <= cluster.shards().size(); number++) {
            ShardIdentity shard = cluster.shards().get(number - 1);
            timeline = 0;
            first.clear();
            branches.clear();
            verifier.sampled(
                    "wal/" + Names.shard(number) + "/",
                    info -> {
                        if (history(info.name())) {
                            // says where WAL must be, so it is read whatever the sample
                            history(info.name(), sealed.read(info.name(), ObjectKind.TIMELINE_HISTORY));
                        } else {
                            piece(shard.name(), info.name());
                        }
                    },
                    info -> {
                        if (!history(info.name())) {
                            content(shard.name(), info.name());
                        }
                    },
                    info -> true);
            branches(shard.name());
        }
    }

    private static boolean history(ObjectName name) {
        return name.value().endsWith(".history");
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

    private void missing(String shard, int number, int timeline, long from, long to) throws IOException {
        if (!verifier.horizonNow().keepsWal(shard, from, to)) {
            return;
        }
        verifier.find(
                Severity.MISSING,
                Names.wal(number, timeline, from, to).value(),
                "wal of shard " + shard + " from " + Names.lsn(from) + " to " + Names.lsn(to) + " of timeline "
                        + Integer.toUnsignedString(timeline) + " is missing, where a timeline changes");
    }

    private static WalRange range(String shard, ObjectName name) throws ObjectDamagedException {
        try {
            return WalArchive.range(shard, Integer.parseUnsignedInt(name.value().split("/")[2], 16), name);
        } catch (IllegalArgumentException e) {
            throw new ObjectDamagedException(name, "its name is not one of a wal object", e);
        }
    }

    /** Holds the name of a piece to those before it. */
    private void piece(String shard, ObjectName name) throws IOException {
        WalRange range = range(shard, name);
        if (range.timeline() != timeline) {
            timeline = range.timeline();
            widest = null;
            widestBytes = null;
            end = range.start();
        }
        first.putIfAbsent(timeline, range.start());
        if (Long.compareUnsigned(range.start(), end) > 0) {
            // compaction may have replaced what lies between since it was listed
            catchUp(shard, range.start());
        }
        if (Long.compareUnsigned(range.start(), end) > 0
                && verifier.horizonNow().keepsWal(shard, /* start= */ end, /* end= */ range.start())) {
            int number = cluster.number(shard);
            verifier.find(
                    Severity.MISSING,
                    Names.wal(number, timeline, /* start= */ end, /* end= */ range.start())
                            .value(),
                    "wal of shard " + shard + " from " + Names.lsn(end) + " to " + Names.lsn(range.start())
                            + " is missing");
        }
        endBefore = end;
        reach(range.end());
    }

    /** Reads the piece whose name was looked at last. */
    private void content(String shard, ObjectName name) throws IOException {
        WalRange range = range(shard, name);
        byte[] bytes;
        try {
            bytes = archive.read(range);
        } catch (ObjectNotFoundException e) {
            end = endBefore;
            catchUp(shard, range.end());
            if (Long.compareUnsigned(end, range.end()) < 0) {
                end = range.end();
                if (verifier.horizonNow().keepsWal(shard, range.start(), range.end())) {
                    throw e;
                }
            }
            return;
        } catch (IOException e) {
            forget(range);
            throw e;
        }
        compare(range, bytes, name);
    }

    private void reach(long position) {
        end = Long.compareUnsigned(position, end) > 0 ? position : end;
    }

    /** Reads what a new listing shows of the WAL up to a position, as far as it goes on without a hole. */
    private void catchUp(String shard, long to) throws IOException {
        Set<WalRange> gone = new HashSet<>();
        int empty = 0;
        while (Long.compareUnsigned(end, to) < 0 && empty < 2) {
            @Nullable WalRange next = furthest(shard);
            if (next == null) {
                empty++;
                continue;
            }
            long before = end;
            reach(next.end());
            try {
                byte[] bytes = archive.read(next);
                ObjectName name = Names.wal(cluster.number(shard), timeline, next.start(), next.end());
                verifier.count(name, bytes.length);
                compare(next, bytes, name);
            } catch (ObjectNotFoundException e) {
                end = before;
                if (!gone.add(next)) {
                    throw e;
                }
            } catch (IOException e) {
                forget(next);
                throw e;
            }
        }
    }

    /** The piece that holds the byte at the end of what was read and reaches furthest. */
    private @Nullable WalRange furthest(String shard) throws IOException {
        @Nullable WalRange furthest = null;
        try (Stream<WalRange> pieces = archive.list(shard, timeline, end)) {
            for (Iterator<WalRange> i = pieces.iterator(); i.hasNext(); ) {
                WalRange piece = i.next();
                if (Long.compareUnsigned(piece.start(), end) > 0) {
                    break;
                }
                if (furthest == null || Long.compareUnsigned(piece.end(), furthest.end()) > 0) {
                    furthest = piece;
                }
            }
        } catch (UncheckedIOException e) {
            throw SealedStore.unwrap(e);
        }
        return furthest;
    }

    /** A piece that cannot be read and reaches furthest leaves nothing to compare the next ones with. */
    private void forget(WalRange unread) {
        if (widest == null || Long.compareUnsigned(unread.end(), widest.end()) > 0) {
            widest = null;
            widestBytes = null;
        }
    }

    /** Every piece is compared with the one of those before it that reaches furthest: what overlaps any of them overlaps this one too. */
    private void compare(WalRange range, byte[] bytes, ObjectName name) throws ObjectDamagedException {
        WalRange before = widest;
        byte[] known = widestBytes;
        if (before == null || Long.compareUnsigned(range.end(), before.end()) > 0) {
            widest = range;
            widestBytes = bytes;
        }
        if (before == null || known == null) {
            return;
        }
        long from = Long.compareUnsigned(range.start(), before.start()) > 0 ? range.start() : before.start();
        long to = Long.compareUnsigned(range.end(), before.end()) < 0 ? range.end() : before.end();
        if (Long.compareUnsigned(from, to) >= 0) {
            return;
        }
        int count = (int) (to - from);
        if (!ByteBuffer.wrap(known, (int) (from - before.start()), count)
                .equals(ByteBuffer.wrap(bytes, (int) (from - range.start()), count))) {
            throw new ObjectDamagedException(
                    name,
                    "its bytes differ from those of the piece before it, which ends at " + Names.lsn(before.end()));
        }
    }
}
