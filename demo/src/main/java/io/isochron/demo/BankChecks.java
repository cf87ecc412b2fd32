package io.isochron.demo;

import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import io.isochron.workload.BankCheck;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** What the demo checks against what its own clients were told, which Isochron does not know. */
final class BankChecks {
    private BankChecks() {}

    /** The restored cluster: whole, holding what had been acknowledged before the moment, nothing that was begun after it. */
    static List<DemoReport.Check> restored(
            Bank bank, List<Connection> shards, List<Acknowledged> acknowledged, Instant moment, long epsilonMicros)
            throws SQLException {
        List<DemoReport.Check> checks = new ArrayList<>();
        BankCheck check = BankCheck.of(bank, shards);
        checks.add(whole("the restored bank is whole", check));
        long momentMicros = ChronoUnit.MICROS.between(Instant.EPOCH, moment);
        List<Acknowledged> before = acknowledged.stream()
                .filter(each -> each.acknowledgedMicros() < momentMicros - epsilonMicros)
                .toList();
        List<Acknowledged> after = acknowledged.stream()
                .filter(each -> each.begunMicros() > momentMicros + epsilonMicros)
                .toList();
        int lost = BankCheck.missing(shards, before).size();
        checks.add(new DemoReport.Check(
                "everything acknowledged before the moment is in the copy",
                lost == 0 && !before.isEmpty(),
                "%,d transactions that clients were told of, %,d missing".formatted(before.size(), lost)));
        long early = present(shards, after);
        checks.add(new DemoReport.Check(
                "nothing begun after the moment is in the copy",
                early == 0 && !after.isEmpty(),
                "%,d later transactions, %,d found".formatted(after.size(), early)));
        return checks;
    }

    /** The deleted rows are in the copy; rows that were made while the release ran may be there too. */
    static DemoReport.Check deletedRowsAreThere(List<Connection> shards, BadDeploy.Damage damage) throws SQLException {
        List<Long> counts = new ArrayList<>();
        boolean held = true;
        for (int shard = 0; shard < shards.size(); shard++) {
            try (Statement statement = shards.get(shard).createStatement();
                    ResultSet rows = statement.executeQuery("select count(*) from " + BadDeploy.TABLE)) {
                rows.next();
                counts.add(rows.getLong(1));
                held &= rows.getLong(1) >= damage.rowsByShard().get(shard);
            }
        }
        return new DemoReport.Check(
                "the deleted rows are in the copy",
                held && damage.rows() > 0,
                "%s by shard, deleted were %s".formatted(counts, damage.rowsByShard()));
    }

    /** Production at the end: whole, and holding everything that clients were ever told of, orders deleted by the release included. */
    static List<DemoReport.Check> live(Bank bank, List<Connection> shards, List<Acknowledged> acknowledged)
            throws SQLException {
        int lost = BankCheck.missing(shards, acknowledged).size();
        return List.of(
                whole("production is whole", BankCheck.of(bank, shards)),
                new DemoReport.Check(
                        "production holds the rows given back and every later write",
                        lost == 0 && !acknowledged.isEmpty(),
                        "%,d transactions that clients were told of, %,d missing"
                                .formatted(acknowledged.size(), lost)));
    }

    private static DemoReport.Check whole(String name, BankCheck check) {
        return new DemoReport.Check(
                name,
                check.holds() && check.transfersAcross() > 0,
                check.holds()
                        ? "%,d accounts hold %,d; %,d transfers are on both their shards"
                                .formatted(check.accounts(), check.balance(), check.transfersAcross())
                        : String.join("; ", check.violations()));
    }

    private static long present(List<Connection> shards, List<Acknowledged> transactions) throws SQLException {
        // asked the other way round: of so many on each shard, how many are missing there
        long expected = transactions.stream()
                .mapToLong(each -> each.shard() == each.otherShard() ? 1 : 2)
                .sum();
        return expected - BankCheck.missing(shards, transactions).size();
    }
}
