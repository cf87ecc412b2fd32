package io.isochron.wal;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf(value = "isInstalled", disabledReason = "Debian's postgresql-15 with pg_waldump is not installed here")
class WalOnPostgres15Test extends RealWalWithOracle {
    WalOnPostgres15Test() {
        super(15, "logical");
    }

    static boolean isInstalled() {
        return Files.isExecutable(WalDump.PROGRAM);
    }

    @Override
    List<OracleRecord> oracle(WalServer from, Lsn start, Lsn end) throws Exception {
        // a checkpoint leaves such a file when the last segment is nearly full
        Files.write(
                from.walDirectory()
                        .resolve(WalFileName.holding(1, end.plus(8L << 30), WalServer.SEGMENT_BYTES)
                                .name()),
                new byte[WalServer.SEGMENT_BYTES]);
        return WalDump.records(from, start, end);
    }

    @Test
    void everyRecordIsTheOneThatTheExtensionSees() throws Exception {
        agree(WalInspect.records(server, first, seen.getLast().end()));
    }
}
