package io.isochron.wal;

import java.util.List;

class WalOnPostgres16Test extends RealWalWithOracle {
    WalOnPostgres16Test() {
        super(16, "logical");
    }

    @Override
    List<OracleRecord> oracle(WalServer from, Lsn start, Lsn end) throws Exception {
        return WalInspect.records(from, start, end);
    }
}
