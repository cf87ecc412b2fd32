package io.isochron.wal;

/**
 * What differs in the WAL of PostgreSQL's major versions 14 to 18.
 *
 * <p>Sources: {@code XLOG_PAGE_MAGIC} in src/include/access/xlog_internal.h, {@code BKPIMAGE_*} in src/include/access/xlogrecord.h, of
 * each major version.
 */
public final class WalFormat {
    /** Bytes of a WAL page ({@code XLOG_BLCKSZ}); other sizes need a PostgreSQL built for them and are not supported. */
    public static final int PAGE_BYTES = 8192;

    /** Bytes of a data page ({@code BLCKSZ}). */
    public static final int DATA_PAGE_BYTES = 8192;

    private static final WalFormat[] ALL = {
        new WalFormat(14, 0xD10D),
        new WalFormat(15, 0xD110),
        new WalFormat(16, 0xD113),
        new WalFormat(17, 0xD116),
        new WalFormat(18, 0xD118)
    };

    private final int majorVersion;
    private final int pageMagic;

    private WalFormat(int majorVersion, int pageMagic) {
        this.majorVersion = majorVersion;
        this.pageMagic = pageMagic;
    }

    /**
     * The format that a major version writes.
     *
     * @throws IllegalArgumentException if the version is not one of 14 to 18
     */
    public static WalFormat of(int majorVersion) {
        for (WalFormat format : ALL) {
            if (format.majorVersion == majorVersion) {
                return format;
            }
        }
        throw new IllegalArgumentException(
                "PostgreSQL " + majorVersion + " is not supported\nhint: versions 14 to 18 are");
    }

    /**
     * The format whose pages begin with this number.
     *
     * @param pageMagic the first two bytes of a WAL page, unsigned
     * @throws IllegalArgumentException if no supported version writes it
     */
    public static WalFormat forMagic(int pageMagic) {
        for (WalFormat format : ALL) {
            if (format.pageMagic == pageMagic) {
                return format;
            }
        }
        throw new IllegalArgumentException(
                "WAL page magic " + hex(pageMagic)
                        + " is of no supported PostgreSQL version\nhint: versions 14 to 18 are supported; check that the bytes are the start of a WAL page");
    }

    /** The major version, 14 to 18. */
    public int majorVersion() {
        return majorVersion;
    }

    /** The number at the start of every page. */
    public int pageMagic() {
        return pageMagic;
    }

    /** The image is to be restored by replay, not only compared. 14 keeps the bit elsewhere. */
    int imageApplyFlag() {
        return majorVersion == 14 ? 0x04 : 0x02;
    }

    /** Any of these bits says that the image is compressed. */
    int imageCompressedFlags() {
        return majorVersion == 14 ? 0x02 : 0x04 | 0x08 | 0x10;
    }

    /** The bit that says that the image is compressed by PostgreSQL's own method, {@code BKPIMAGE_COMPRESS_PGLZ}. */
    int imagePglzFlag() {
        return majorVersion == 14 ? 0x02 : 0x04;
    }

    /** Bytes of a dropped statistics item: 18 widened the object id to 64 bits; 14 has none. */
    int droppedStatisticsItemBytes() {
        return majorVersion >= 18 ? 16 : 12;
    }

    static String hex(int value) {
        return "0x" + Integer.toHexString(value).toUpperCase(java.util.Locale.ROOT);
    }

    @Override
    public String toString() {
        return "PostgreSQL " + majorVersion + " WAL";
    }
}
