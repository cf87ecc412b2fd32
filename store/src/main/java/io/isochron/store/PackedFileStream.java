package io.isochron.store;

import com.github.luben.zstd.ZstdDecompressCtx;
import io.isochron.objects.ObjectDamagedException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** One file's bytes out of its packs, one pack and one frame at a time. */
final class PackedFileStream extends InputStream {
    private final SealedStore sealed;
    private final SnapshotEntry.File file;
    private final Iterator<SnapshotEntry.Extent> extents;
    private final CRC32C crc = new CRC32C();
    private final byte[] raw = new byte[PackWriter.FRAME_BYTES];
    private @Nullable PackContent pack;
    private long packOffset;
    private long leftInExtent;
    private int rawOffset;
    private int rawEnd;

    PackedFileStream(SealedStore sealed, SnapshotEntry.File file) {
        this.sealed = sealed;
        this.file = file;
        this.extents = file.extents().iterator();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 1 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (rawOffset == rawEnd && !nextFrame()) {
            if ((int) crc.getValue() != file.crc32c()) {
                throw new ObjectDamagedException(
                        pack == null ? Names.HEADER : pack.name(),
                        "the bytes of " + file.path() + " have another CRC-32C than was noted");
            }
            return -1;
        }
        int count = Math.min(length, rawEnd - rawOffset);
        System.arraycopy(raw, rawOffset, target, offset, count);
        crc.update(raw, rawOffset, count);
        rawOffset += count;
        return count;
    }

    private boolean nextFrame() throws IOException {
        PackContent content = pack;
        if (leftInExtent == 0) {
            if (!extents.hasNext()) {
                return false;
            }
            SnapshotEntry.Extent extent = extents.next();
            content = PackContent.load(sealed, extent.pack());
            content.require(extent.offset(), extent.bytes());
            pack = content;
            packOffset = extent.offset();
            leftInExtent = extent.bytes();
        }
        if (content == null) {
            return false;
        }
        int frame = content.frameAt(packOffset);
        try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
            content.uncompress(context, frame, raw);
        }
        rawOffset = (int) (packOffset - content.rawStart(frame));
        rawEnd = (int) Math.min(content.rawBytes(frame), rawOffset + leftInExtent);
        packOffset += rawEnd - rawOffset;
        leftInExtent -= rawEnd - rawOffset;
        return true;
    }
}
