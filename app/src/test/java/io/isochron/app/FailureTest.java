package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.handover.BackfillRefusedException;
import io.isochron.restore.RestoreException;
import java.io.IOException;
import java.net.ConnectException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class FailureTest {
    @Test
    void whatWentWrongBelowBecomesAnExitCodeAndKeepsItsHint() {
        assertThat(Failure.of(new BackfillRefusedException("table t has no key", "give it one.")))
                .isEqualTo(new Failure(ExitCode.REFUSED, "table t has no key", "give it one."));
        assertThat(Failure.of(new RestoreException("too little space", "free some.")))
                .isEqualTo(new Failure(ExitCode.FAILED, "too little space", "free some."));
        assertThat(Failure.of(new IOException("No space left on device")).code())
                .isEqualTo(ExitCode.NO_SPACE);
        assertThat(Failure.of(new ConnectException("127.0.0.1:1: connection refused"))
                        .code())
                .isEqualTo(ExitCode.UNREACHABLE);
        assertThat(Failure.of(new SQLException("password authentication failed", "28P01"))
                        .code())
                .isEqualTo(ExitCode.UNREACHABLE);
        assertThat(Failure.of(new SQLException("relation does not exist", "42P01"))
                        .code())
                .isEqualTo(ExitCode.FAILED);
    }

    @Test
    void aDefectIsCalledOne() {
        Failure failure = Failure.of(new IllegalStateException("impossible"));
        assertThat(failure.code()).isEqualTo(ExitCode.INTERNAL);
        assertThat(failure.hint()).contains("defect");
    }
}
