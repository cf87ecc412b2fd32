package io.isochron.wal;

/**
 * Numbers of the built-in resource managers, which own the records of the log (src/include/access/rmgrlist.h; the same in 14 to 18).
 */
final class ResourceManager {
    static final int XLOG = 0;
    static final int TRANSACTION = 1;
    static final int STORAGE = 2;
    static final int DATABASE = 4;
    static final int TABLESPACE = 5;
    static final int RELATION_MAP = 7;
    static final int STANDBY = 8;
    static final int HEAP2 = 9;
    static final int HEAP = 10;
    static final int BTREE = 11;
    static final int LOGICAL_MESSAGE = 21;
    static final int LAST_BUILT_IN = 21;
    static final int FIRST_CUSTOM = 128;

    private ResourceManager() {}
}
