package io.isochron.wal;

/** 14 has neither pg_walinspect nor, where these tests run, a pg_waldump. */
class WalOnPostgres14Test extends RealWal {
    WalOnPostgres14Test() {
        super(14, "logical");
    }
}
