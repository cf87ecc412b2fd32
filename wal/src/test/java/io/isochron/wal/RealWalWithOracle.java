package io.isochron.wal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** As {@link RealWal}, and held record by record against what that version's own reader says. */
abstract class RealWalWithOracle extends RealWal {
    RealWalWithOracle(int major, String walLevel) {
        super(major, walLevel);
    }

    /** Every record of the range by the server's own tools. */
    abstract List<OracleRecord> oracle(WalServer from, Lsn start, Lsn end) throws Exception;

    @Test
    void everyRecordIsTheOneThatPostgresItselfSees() throws Exception {
        agree(oracle(server, first, seen.getLast().end()));
    }

    void agree(List<OracleRecord> expected) {
        Map<String, Integer> kinds = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(expected.size(), seen.size()); i++) {
            OracleRecord theirs = expected.get(i);
            SeenRecord ours = seen.get(i);
            String place = OracleText.place(ours, theirs.end() != null, theirs.mainBytes() >= 0);
            String meaning = OracleMeaning.of(ours);
            String expectedPlace = OracleText.place(theirs);
            String expectedMeaning = OracleMeaning.of(theirs);
            if (!place.equals(expectedPlace)
                    || !meaning.equals(expectedMeaning)) { // assertions cost more than the strings
                assertThat(place + "\n" + meaning)
                        .as(theirs::toString)
                        .isEqualTo(expectedPlace + "\n" + expectedMeaning);
            }
            kinds.merge(theirs.resourceManager() + " " + theirs.type(), 1, Integer::sum);
        }
        assertThat(seen).hasSameSizeAs(expected);
        assertThat(kinds.keySet()).containsAll(OracleText.KINDS_THAT_MUST_OCCUR);
    }
}
