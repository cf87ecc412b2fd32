package io.isochron.wal;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a record means, in one form for what PostgreSQL's tools describe and for what the decoders found. */
final class OracleMeaning {
    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .appendPattern("yyyy-MM-dd HH:mm:ss")
            .optionalStart()
            .appendFraction(ChronoField.MICRO_OF_SECOND, 0, 6, true)
            .optionalEnd()
            .toFormatter(Locale.ROOT);
    private static final Pattern ENDING = Pattern.compile(
            "(?:(\\d+): )?(\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?)(?: UTC|\\+00)(.*)", Pattern.DOTALL);
    private static final Pattern PREPARE = Pattern.compile(
            "gid (.*?): (\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?)(?: UTC|\\+00)(.*)", Pattern.DOTALL);
    private static final Pattern CHECKPOINT = Pattern.compile(
            "redo (\\S+); tli (\\d+); prev tli (\\d+); fpw (\\w+); (?:wal_level \\w+; )?xid (\\d+):(\\d+); oid (\\d+); .*oldest xid (\\d+) in DB.*oldest running xid (\\d+); (\\w+)");
    private static final Pattern RUNNING = Pattern.compile(
            "nextXid (\\d+) latestCompletedXid (\\d+) oldestRunningXid (\\d+)(?:; \\d+ xacts: ([\\d ]+))?.*");

    private static final Pattern TUPLES = Pattern.compile("(?:ntuples: )?(\\d+).*");
    private static final Pattern FLAGS = Pattern.compile(".*flags:? 0x(\\w+).*");
    private static final Pattern OFFSET = Pattern.compile(".*?off:? (\\d+).*");

    private OracleMeaning() {}

    static String of(SeenRecord record) {
        List<String> words = new ArrayList<>();
        record.events().forEach(event -> words.add(event(event)));
        record.changes().forEach(change -> words.add(change(change)));
        words.removeIf(String::isEmpty);
        return String.join(", ", words);
    }

    private static String event(TransactionEvent event) {
        return switch (event) {
            case TransactionEvent.Commit commit -> ending("COMMIT", commit, commit.dropped(), commit.prepared());
            case TransactionEvent.Abort abort -> ending("ABORT", abort, abort.dropped(), abort.prepared());
            case TransactionEvent.Prepare prepare ->
                "PREPARE " + prepare.gid() + " at " + time(prepare.timeMicros()) + " of " + prepare.xid() + " with "
                        + prepare.subxids() + " dropping " + prepare.droppedOnCommit() + " or "
                        + prepare.droppedOnAbort();
        };
    }

    private static String ending(String kind, TransactionEvent event, List<RelationFile> dropped, boolean prepared) {
        return kind + (prepared ? "_PREPARED" : "") + " at " + time(event.timeMicros()) + " of " + event.xid()
                + " with " + event.subxids() + " dropping " + dropped;
    }

    private static String change(RelationChange change) {
        return switch (change) {
            case RelationChange.RowsInserted(RelationFile relation, int rows) -> rows + " rows into " + relation;
            case RelationChange.RowUpdated(RelationFile relation, boolean hot) ->
                "row of " + relation + (hot ? " updated hot" : " updated");
            case RelationChange.RowDeleted deleted ->
                "row " + deleted.block() + "," + deleted.offset() + " of " + deleted.relation() + " deleted";
            case RelationChange.TablesTruncated truncated -> "tables truncated " + truncated.relationOids();
            case RelationChange.PagesWritten(RelationFile relation, int fork, int pages) ->
                pages + " pages of " + relation + " fork " + fork;
            case RelationChange.StorageCreated(RelationFile relation, int fork) ->
                "storage " + relation + " fork " + fork;
            case RelationChange.StorageTruncated(RelationFile relation, long blocks, boolean main) ->
                "storage " + relation + " cut to " + blocks + " main " + main;
            case RelationChange.StorageDropped dropped -> ""; // in the transaction's end
            case RelationChange.TablespaceCreated(int oid, String path) -> "tablespace " + oid + " at " + path;
            case RelationChange.TablespaceDropped(int oid) -> "no tablespace " + oid;
            case RelationChange.DatabaseCreated created ->
                "database " + created.tablespaceOid() + "/" + created.databaseOid()
                        + (created.source() == null
                                ? ""
                                : " from " + created.source().tablespaceOid() + "/"
                                        + created.source().databaseOid());
            case RelationChange.DatabaseDropped(int oid, List<Integer> tablespaces) ->
                "no database " + oid + " in " + tablespaces;
            case RelationChange.RelationMapUpdated(int database, int tablespace) ->
                "map " + database + " " + tablespace;
            case RelationChange.ParametersChanged p ->
                String.format(
                        Locale.ROOT,
                        "max_connections=%d max_worker_processes=%d max_wal_senders=%d max_prepared_xacts=%d"
                                + " max_locks_per_xact=%d wal_level=%s wal_log_hints=%s track_commit_timestamp=%s",
                        p.maxConnections(),
                        p.maxWorkerProcesses(),
                        p.maxWalSenders(),
                        p.maxPreparedTransactions(),
                        p.maxLocksPerTransaction(),
                        List.of("minimal", "replica", "logical").get(p.walLevel()),
                        p.walLogHints() ? "on" : "off",
                        p.trackCommitTimestamp() ? "on" : "off");
            case RelationChange.FullPageWritesChanged(boolean on) -> "full page writes " + on;
            case RelationChange.CheckpointWritten(boolean shutdown, Checkpoint c) ->
                String.join(
                        " ",
                        "checkpoint",
                        c.redo().toString(),
                        c.timeline() + "",
                        c.previousTimeline() + "",
                        c.fullPageWrites() + "",
                        (c.nextXid() >>> 32) + "",
                        (int) c.nextXid() + "",
                        c.nextOid() + "",
                        c.oldestXid() + "",
                        c.oldestActiveXid() + "",
                        shutdown ? "shutdown" : "online");
            case RelationChange.RecoveryEnded ended ->
                "recovery ended tli " + ended.timeline() + "; prev tli " + ended.previousTimeline();
            case RelationChange.TransactionsRunning r ->
                "running " + r.nextXid() + " " + r.latestCompletedXid() + " " + r.oldestRunningXid() + " " + r.xids();
            case RelationChange.RestorePointCreated point -> "restore point " + point.name();
            case RelationChange.BackupEnded(Lsn start) -> "backup from " + start;
            case RelationChange.CustomRecord(int number) -> "custom " + number;
        };
    }

    static String of(OracleRecord record) {
        String text = record.description() == null ? "" : record.description();
        String kind = record.type().replace("+INIT", "");
        return switch (record.resourceManager() + " " + kind) {
            case "Transaction COMMIT",
                    "Transaction ABORT",
                    "Transaction COMMIT_PREPARED",
                    "Transaction ABORT_PREPARED" -> {
                Matcher parts = matched(ENDING, text);
                yield kind + " at " + time(parts.group(2)) + " of "
                        + (parts.group(1) == null ? record.xid() : parts.group(1)) + " with "
                        + numbers(list(parts.group(3), "subxacts")) + " dropping "
                        + relations(list(parts.group(3), "rels"));
            }
            case "Transaction PREPARE" -> {
                Matcher parts = matched(PREPARE, text);
                yield "PREPARE " + parts.group(1) + " at " + time(parts.group(2)) + " of " + record.xid() + " with "
                        + numbers(list(parts.group(3), "subxacts")) + " dropping "
                        + relations(list(parts.group(3), "rels(commit)")) + " or "
                        + relations(list(parts.group(3), "rels(abort)"));
            }
            case "Heap INSERT" -> "1 rows into " + relation(record);
            case "Heap2 MULTI_INSERT" -> matched(TUPLES, text).group(1) + " rows into " + relation(record);
            case "Heap UPDATE" -> "row of " + relation(record) + " updated";
            case "Heap HOT_UPDATE" -> "row of " + relation(record) + " updated hot";
            case "Heap DELETE" -> {
                int flags = Integer.parseInt(matched(FLAGS, text).group(1), 16);
                yield (flags & 8) != 0
                        ? "-1 rows into " + relation(record)
                        : "row " + record.blocks().getFirst().split(" ")[3] + ","
                                + matched(OFFSET, text).group(1) + " of " + relation(record) + " deleted";
            }
            case "Heap TRUNCATE" -> "tables truncated " + numbers(text.replaceAll("(?s).*relids:?", ""));
            case "XLOG FPI" -> pages(record);
            case "Storage CREATE" -> "storage " + path(text);
            case "Storage TRUNCATE" -> {
                Matcher parts = matched("(\\S+) to (\\d+) blocks flags (\\d+)", text);
                yield "storage " + path(parts.group(1)).replace(" fork 0", "") + " cut to " + parts.group(2) + " main "
                        + ((Integer.parseInt(parts.group(3)) & 1) != 0);
            }
            case "Database CREATE_FILE_COPY" -> {
                Matcher parts = matched("copy dir (\\S+) to (\\S+)", text);
                yield "database " + parts.group(2) + " from " + parts.group(1);
            }
            case "Database CREATE_WAL_LOG" ->
                "database " + matched("create dir (\\S+)", text).group(1);
            case "Database DROP" -> {
                List<Integer> tablespaces = new ArrayList<>();
                String oid = "";
                for (String directory : text.replace("dir ", "").split("[ ,]+")) {
                    tablespaces.add(Integer.valueOf(directory.split("/")[0]));
                    oid = directory.split("/")[1];
                }
                yield "no database " + oid + " in " + tablespaces;
            }
            case "Tablespace CREATE" -> {
                Matcher parts = matched("(\\d+) \"(.*)\"", text);
                yield "tablespace " + parts.group(1) + " at " + parts.group(2);
            }
            case "Tablespace DROP" -> "no tablespace " + text;
            case "RelMap UPDATE" -> {
                Matcher parts = matched("database (\\d+) tablespace (\\d+) size \\d+", text);
                yield "map " + parts.group(1) + " " + parts.group(2);
            }
            case "XLOG PARAMETER_CHANGE" -> text;
            case "XLOG FPW_CHANGE" -> "full page writes " + text;
            case "XLOG CHECKPOINT_ONLINE", "XLOG CHECKPOINT_SHUTDOWN" -> {
                Matcher parts = matched(CHECKPOINT, text);
                List<String> words = new ArrayList<>(List.of("checkpoint"));
                for (int i = 1; i <= parts.groupCount(); i++) {
                    words.add(parts.group(i));
                }
                yield String.join(" ", words);
            }
            case "XLOG END_OF_RECOVERY" ->
                "recovery ended "
                        + matched("(tli \\d+; prev tli \\d+);.*", text).group(1);
            case "XLOG RESTORE_POINT" -> "restore point " + text;
            case "XLOG BACKUP_END" -> "backup from " + text;
            case "Standby RUNNING_XACTS" -> {
                Matcher parts = matched(RUNNING, text);
                yield "running " + parts.group(1) + " " + parts.group(2) + " " + parts.group(3) + " "
                        + numbers(parts.group(4) == null ? "" : parts.group(4));
            }
            default -> "";
        };
    }

    private static String pages(OracleRecord record) {
        Set<String> forks = new LinkedHashSet<>();
        record.blocks().forEach(block -> forks.add(block.split(" ")[1] + " fork " + block.split(" ")[2]));
        return String.join(
                ", ",
                forks.stream()
                        .map(fork -> record.blocks().stream()
                                        .filter(b -> fork.equals(b.split(" ")[1] + " fork " + b.split(" ")[2]))
                                        .count()
                                + " pages of " + fork)
                        .toList());
    }

    private static String relation(OracleRecord record) {
        return record.blocks().getFirst().split(" ")[1];
    }

    /** {@code ; name: items} within the rest of a description. */
    private static String list(String rest, String name) {
        Matcher found = Pattern.compile("; " + Pattern.quote(name) + ":([^;]*)").matcher(rest);
        return found.find() ? found.group(1) : "";
    }

    private static List<Integer> numbers(String text) {
        return Pattern.compile("\\d+")
                .matcher(text)
                .results()
                .map(found -> Integer.parseUnsignedInt(found.group()))
                .toList();
    }

    private static List<String> relations(String paths) {
        return Pattern.compile("\\S+")
                .matcher(paths)
                .results()
                .map(found -> path(found.group()).replace(" fork 0", ""))
                .toList();
    }

    /** A file's path below the data directory as tablespace, database, file and fork. */
    private static String path(String path) {
        int fork = path.endsWith("_fsm") ? 1 : path.endsWith("_vm") ? 2 : path.endsWith("_init") ? 3 : 0;
        String main = path.replaceAll("_(fsm|vm|init)$", "")
                .replaceAll("^base/", "1663/")
                .replaceAll("^global/", "1664/0/")
                .replaceAll("^pg_tblspc/(\\d+)/[^/]+/", "$1/");
        return main + " fork " + fork;
    }

    private static String time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString();
    }

    private static String time(String text) {
        return LocalDateTime.parse(text, TIME).toInstant(ZoneOffset.UTC).toString();
    }

    private static Matcher matched(String pattern, String text) {
        return matched(Pattern.compile(pattern, Pattern.DOTALL), text);
    }

    private static Matcher matched(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not like " + pattern);
        }
        return matcher;
    }
}
