package io.isochron.app;

import io.isochron.handover.BackfillRefusedException;
import io.isochron.handover.HandoverException;
import io.isochron.objects.NotARepositoryException;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.StoreFullException;
import io.isochron.objects.StoreRefusedException;
import io.isochron.restore.PlanRefusedException;
import io.isochron.restore.RestoreCancelledException;
import io.isochron.restore.RestoreRefusedException;
import io.isochron.store.KeyFileException;
import io.isochron.store.KeyRotatedException;
import io.isochron.store.KeyWrappingRefusedException;
import io.isochron.store.LeaseHeldException;
import io.isochron.store.UnsupportedRepositoryException;
import io.isochron.store.WalGapException;
import io.isochron.store.WrongKeyException;
import io.isochron.upkeep.ExpiryCancelledException;
import io.isochron.upkeep.ShrunkPromiseException;
import io.isochron.wire.PostgresException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.file.FileSystemException;
import java.sql.SQLException;
import java.util.Locale;

/**
 * What went wrong, as the user gets to know it: the one place where exceptions become exit codes.
 *
 * @param code how the process ends
 * @param message lower case, names the thing and its value
 * @param hint one sentence with the likely cause or the next step; empty when there is none
 */
record Failure(ExitCode code, String message, String hint) {
    private static final String HINT = "\nhint: ";

    /** The failure an exception stands for. */
    static Failure of(Throwable thrown) {
        if (thrown instanceof AppException known) {
            return new Failure(known.code(), String.valueOf(known.getMessage()), known.hint());
        }
        ExitCode code = codeOf(thrown);
        String text = thrown.getMessage() == null ? thrown.toString() : thrown.getMessage();
        if (code == ExitCode.INTERNAL) {
            return new Failure(
                    code, thrown.toString(), "this is a defect; run again with --verbose and report the stack trace.");
        }
        int hint = text.lastIndexOf(HINT);
        return hint < 0
                ? new Failure(code, text, defaultHint(code))
                : new Failure(code, text.substring(0, hint), text.substring(hint + HINT.length()));
    }

    private static ExitCode codeOf(Throwable thrown) {
        return switch (thrown) {
            case PlanRefusedException _,
                    RestoreRefusedException _,
                    BackfillRefusedException _,
                    ShrunkPromiseException _,
                    LeaseHeldException _ -> ExitCode.REFUSED;
            case RestoreCancelledException _, ExpiryCancelledException _, InterruptedException _ -> ExitCode.CANCELLED;
            case HandoverException failed -> failed.getCause() == null ? ExitCode.FAILED : databaseOr(failed);
            case ObjectDamagedException _, WalGapException _, ObjectNotFoundException _ -> ExitCode.DAMAGED;
            case StoreRefusedException _ -> ExitCode.REPOSITORY;
            case WrongKeyException _,
                    KeyRotatedException _,
                    KeyWrappingRefusedException _,
                    NotARepositoryException _,
                    UnsupportedRepositoryException _,
                    KeyFileException _,
                    ObjectExistsException _ -> ExitCode.REPOSITORY;
            case StoreFullException _ -> ExitCode.NO_SPACE;
            case PostgresException _, SocketException _ -> ExitCode.UNREACHABLE;
            case SQLException sql -> connection(sql) ? ExitCode.UNREACHABLE : ExitCode.FAILED;
            case FileSystemException file -> full(file) ? ExitCode.NO_SPACE : ExitCode.FAILED;
            case IOException io -> causeOf(io);
            case IllegalArgumentException illegal ->
                String.valueOf(illegal.getMessage()).contains(HINT) ? ExitCode.FAILED : ExitCode.INTERNAL;
            default -> ExitCode.INTERNAL;
        };
    }

    private static ExitCode databaseOr(Throwable failed) {
        return failed.getCause() instanceof SQLException sql && connection(sql)
                ? ExitCode.UNREACHABLE
                : ExitCode.FAILED;
    }

    private static ExitCode causeOf(IOException io) {
        Throwable cause = io.getCause();
        if (cause instanceof ConnectException || cause instanceof PostgresException) {
            return ExitCode.UNREACHABLE;
        }
        if (cause instanceof ObjectDamagedException || cause instanceof WalGapException) {
            return ExitCode.DAMAGED;
        }
        return full(io) || cause instanceof StoreFullException ? ExitCode.NO_SPACE : ExitCode.FAILED;
    }

    private static boolean full(IOException io) {
        return String.valueOf(io.getMessage()).toLowerCase(Locale.ROOT).contains("no space left");
    }

    /** Classes 08 (connection) and 28 (authorization) of PostgreSQL's SQLSTATE. */
    private static boolean connection(SQLException sql) {
        String state = sql.getSQLState();
        return state != null && (state.startsWith("08") || state.startsWith("28"));
    }

    private static String defaultHint(ExitCode code) {
        return switch (code) {
            case DAMAGED -> "run `isochron verify` to see everything that is damaged.";
            case UNREACHABLE -> "look at host, port and user of the shard's connection, at .pgpass and at pg_hba.conf.";
            case NO_SPACE -> "free some space and run the same command again.";
            case OK, FAILED, USAGE, CONFIG, REFUSED, PROOF_FAILED, CHECK_FAILED, REPOSITORY, CANCELLED, INTERNAL -> "";
        };
    }
}
