package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

class RehearsalTest {
    @Test
    @ResourceLock(TestHost.LOGS)
    void everyCommandOfTheRehearsalSucceedsOnALedgerWithHoursMinutesAndParts(@TempDir Path directory) throws Exception {
        ByteArrayOutputStream said = new ByteArrayOutputStream();

        int status = Rehearsal.rehearse(directory, new PrintStream(said, true, StandardCharsets.UTF_8));

        assertThat(status).as(said.toString(StandardCharsets.UTF_8)).isZero();
        for (String folder : new String[] {"minute", "hour", "part"}) {
            assertThat(directory.resolve("repository/ledger/s0001").resolve(folder))
                    .isNotEmptyDirectory();
        }
    }
}
