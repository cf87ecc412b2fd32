package io.isochron.store;

/** What an object is, the fifth byte of its sealed content; numbers are never used again for something else. */
enum ObjectKind {
    WAL(1),
    TIMELINE_HISTORY(2),
    CHRONICLE(3),
    DOCUMENT(4),
    SNAPSHOT(5),
    MANIFEST(6),
    PACK(7),
    LEDGER(8),
    MEMBERSHIP(9),
    KEY(10),
    AUDIT(11),
    RETENTION(12),
    LEASE(13),
    SCRUB(14);

    final byte code;

    ObjectKind(int code) {
        this.code = (byte) code;
    }
}
