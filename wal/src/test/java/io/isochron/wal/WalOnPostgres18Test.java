package io.isochron.wal;

import java.util.List;

class WalOnPostgres18Test extends RealWalWithOracle {
    WalOnPostgres18Test() {
        super(18, "logical");
    }

    @Override
    List<OracleRecord> oracle(WalServer from, Lsn start, Lsn end) throws Exception {
        return WalInspect.records(from, start, end);
    }
}
