package io.isochron.wal;

import java.util.List;

class WalOnPostgres17Test extends RealWalWithOracle {
    WalOnPostgres17Test() {
        super(17, "replica");
    }

    @Override
    List<OracleRecord> oracle(WalServer from, Lsn start, Lsn end) throws Exception {
        return WalInspect.records(from, start, end);
    }
}
