package io.isochron.store;

import io.isochron.objects.ObjectName;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Groups the extents of files, as they come, by the packs they lie in; a writer fills one pack after the other. */
final class PackGrouping implements Iterator<PackFetch> {
    private final SealedStore sealed;
    private final Iterator<SnapshotEntry> entries;
    private final List<PackFetch.Piece> pieces = new ArrayList<>();
    private Iterator<PackFetch.Piece> ofFile = List.<PackFetch.Piece>of().iterator();
    private Iterator<ObjectName> packsOfFile = List.<ObjectName>of().iterator();
    private @Nullable ObjectName pack;
    private @Nullable PackFetch next;

    PackGrouping(SealedStore sealed, Iterator<SnapshotEntry> entries) {
        this.sealed = sealed;
        this.entries = entries;
    }

    @Override
    public boolean hasNext() {
        while (next == null) {
            if (ofFile.hasNext()) {
                add(packsOfFile.next(), ofFile.next());
            } else if (entries.hasNext()) {
                if (entries.next() instanceof SnapshotEntry.File file) {
                    begin(file);
                }
            } else {
                emit();
                return next != null;
            }
        }
        return true;
    }

    private void begin(SnapshotEntry.File file) {
        List<PackFetch.Piece> list = new ArrayList<>();
        long offset = 0;
        for (SnapshotEntry.Extent extent : file.extents()) {
            list.add(new PackFetch.Piece(file, offset, extent.offset(), extent.bytes()));
            offset += extent.bytes();
        }
        ofFile = list.iterator();
        packsOfFile = file.extents().stream().map(SnapshotEntry.Extent::pack).iterator();
    }

    private void add(ObjectName of, PackFetch.Piece piece) {
        if (!of.equals(pack)) {
            emit();
            pack = of;
        }
        pieces.add(piece);
    }

    private void emit() {
        if (pack != null && !pieces.isEmpty()) {
            next = new PackFetch(sealed, pack, pieces);
            pieces.clear();
        }
    }

    @Override
    public PackFetch next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException();
        }
        PackFetch result = next;
        next = null;
        return result;
    }
}
