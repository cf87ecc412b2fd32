package io.isochron.store;

/**
 * How much of the objects of a kind was read and authenticated, of all that are there.
 *
 * @param objects all, as they were listed
 * @param bytes their stored length
 * @param objectsRead those that were read, damaged ones included
 * @param bytesRead their stored length
 */
public record Coverage(long objects, long bytes, long objectsRead, long bytesRead) {
    static final Coverage NONE = new Coverage(0, 0, 0, 0);

    Coverage plus(Coverage other) {
        return new Coverage(
                objects + other.objects,
                bytes + other.bytes,
                objectsRead + other.objectsRead,
                bytesRead + other.bytesRead);
    }

    /** Bytes read of all, in per cent; 100 if there are none. */
    public double percent() {
        return bytes == 0 ? 100 : 100.0 * bytesRead / bytes;
    }
}
