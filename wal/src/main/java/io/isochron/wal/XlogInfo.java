package io.isochron.wal;

/** Kinds of records of the {@code XLOG} resource manager (src/include/catalog/pg_control.h; the same in 14 to 18). */
final class XlogInfo {
    static final int CHECKPOINT_SHUTDOWN = 0x00;
    static final int CHECKPOINT_ONLINE = 0x10;
    static final int SWITCH = 0x40;
    static final int BACKUP_END = 0x50;
    static final int PARAMETER_CHANGE = 0x60;
    static final int RESTORE_POINT = 0x70;
    static final int FULL_PAGE_WRITES_CHANGE = 0x80;
    static final int END_OF_RECOVERY = 0x90;
    static final int FULL_PAGE_IMAGE = 0xB0;
    static final int OVERWRITE_CONTRECORD = 0xD0;

    private XlogInfo() {}
}
