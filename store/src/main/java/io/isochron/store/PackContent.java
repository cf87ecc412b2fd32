package io.isochron.store;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** An authenticated pack: zstd frames, then a table of their lengths, then their count. */
final class PackContent {
    private final ObjectName name;
    private final byte[] payload;
    private final int[] starts;
    private final int[] lengths;
    private final long[] rawStarts;

    private PackContent(ObjectName name, byte[] payload, int[] starts, int[] lengths, long[] rawStarts) {
        this.name = name;
        this.payload = payload;
        this.starts = starts;
        this.lengths = lengths;
        this.rawStarts = rawStarts;
    }

    static int trailerBytes(int frames) {
        return 8 * frames + 4;
    }

    /** Puts the table of frames, each given as its compressed and uncompressed length. */
    static void putTrailer(ByteBuffer pack, List<int[]> frames) {
        for (int[] frame : frames) {
            pack.putInt(frame[0]).putInt(frame[1]);
        }
        pack.putInt(frames.size());
    }

    static PackContent load(SealedStore sealed, ObjectName name) throws IOException {
        byte[] payload = sealed.readPayload(name);
        ByteBuffer in = Payload.header(name, ObjectKind.PACK, payload);
        long rawBytes = in.getLong(8);
        int content = in.position();
        int count = payload.length < content + 4 ? -1 : in.getInt(payload.length - 4);
        if (count < 1 || count > (payload.length - content - 4) / 8) {
            throw new ObjectDamagedException(name, "it says it has " + count + " frames");
        }
        int table = payload.length - trailerBytes(count);
        int[] starts = new int[count];
        int[] lengths = new int[count];
        long[] rawStarts = new long[count + 1];
        int start = content;
        for (int i = 0; i < count; i++) {
            starts[i] = start;
            lengths[i] = in.getInt(table + 8 * i);
            int raw = in.getInt(table + 8 * i + 4);
            if (lengths[i] < 1 || lengths[i] > table - start || raw < 1 || raw > PackWriter.FRAME_BYTES) {
                throw new ObjectDamagedException(name, "its frame " + i + " has impossible lengths");
            }
            start += lengths[i];
            rawStarts[i + 1] = rawStarts[i] + raw;
        }
        if (start != table || rawStarts[count] != rawBytes) {
            throw new ObjectDamagedException(name, "its frames do not add up to its length");
        }
        return new PackContent(name, payload, starts, lengths, rawStarts);
    }

    ObjectName name() {
        return name;
    }

    /** The number of uncompressed bytes. */
    long rawBytes() {
        return rawStarts[starts.length];
    }

    /** The frame that holds the byte at an uncompressed offset, which lies in this pack. */
    int frameAt(long rawOffset) {
        int found = java.util.Arrays.binarySearch(rawStarts, rawOffset);
        return found >= 0 ? found : -found - 2;
    }

    long rawStart(int frame) {
        return rawStarts[frame];
    }

    int rawBytes(int frame) {
        return (int) (rawStarts[frame + 1] - rawStarts[frame]);
    }

    /** Uncompresses a frame into the beginning of {@code into}, which has at least {@link PackWriter#FRAME_BYTES}. */
    void uncompress(ZstdDecompressCtx context, int frame, byte[] into) throws ObjectDamagedException {
        try {
            int got = context.decompressByteArray(into, 0, into.length, payload, starts[frame], lengths[frame]);
            if (got != rawBytes(frame)) {
                throw new ObjectDamagedException(name, "its frame " + frame + " has another length than it says");
            }
        } catch (ZstdException e) {
            throw new ObjectDamagedException(name, "its frame " + frame + " does not decompress", e);
        }
    }

    /** Refuses a part that does not lie in this pack. */
    void require(long offset, long bytes) throws ObjectDamagedException {
        if (offset < 0 || bytes < 1 || offset > rawBytes() - bytes) {
            throw new ObjectDamagedException(
                    name, "a manifest refers to " + bytes + " bytes at " + offset + ", it has " + rawBytes());
        }
    }
}
