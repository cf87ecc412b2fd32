package io.isochron.wal;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf(value = "isInstalled", disabledReason = "Debian's postgresql-15 with pg_waldump is not installed here")
class WalOnPostgres15Test extends RealWalWithOracle {
    WalOnPostgres15Test() {
        super(15, "logical");
    }

    static boolean isInstalled() {
        return java.nio.file.Files.isExecutable(WalDump.PROGRAM);
    }

    @Override
    List<OracleRecord> oracle(WalServer from, Lsn start, Lsn end) throws Exception {
        return WalDump.records(from, start, end);
    }

    @Test
    void everyRecordIsTheOneThatTheExtensionSees() throws Exception {
        agree(WalInspect.records(server, first, seen.getLast().end()));
    }
}
