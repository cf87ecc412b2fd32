package io.isochron.workload;

/** Ids of transfers and orders: the run in bits 44 to 62, the client in bits 32 to 43, a counter below. */
record TransactionIds(int run, int client) {
    static final int RUN_SHIFT = 44;
    private static final int CLIENT_SHIFT = 32;

    TransactionIds {
        if (run < 0 || run >= 1 << 19 || client < 0 || client >= 1 << 12) {
            throw new IllegalArgumentException("run " + run + ", client " + client);
        }
    }

    long id(int counter) {
        return ((long) run << RUN_SHIFT) | ((long) client << CLIENT_SHIFT) | Integer.toUnsignedLong(counter);
    }

    static int runOf(long id) {
        return (int) (id >>> RUN_SHIFT);
    }
}
