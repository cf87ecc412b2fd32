package io.isochron.bench;

import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;

/**
 * One transfer of the bank, drawn at random: a debit, a credit, and up to three orders that go with them, each on any shard. It is there with
 * all its parts or not at all.
 */
record CitusTransfer(List<Part> parts) {
    private static final int AMOUNT_MAX = 500;
    private static final double ACROSS_SHARE = 0.75;
    private static final double ORDERS_SHARE = 0.4;
    private static final int ORDERS_MAX = 3;

    /** What is done on one shard. */
    record Part(Kind kind, long id, int shard, int otherShard, long account, long amount) {}

    enum Kind {
        DEBIT,
        CREDIT,
        ORDER
    }

    CitusTransfer {
        parts = List.copyOf(parts);
    }

    /** Parts that change balances come first, in the order of their accounts, so that no deadlock spans shards. */
    static CitusTransfer draw(Bank bank, Random random, LongSupplier ids) {
        int from = random.nextInt(bank.shards());
        boolean across = bank.shards() > 1 && random.nextDouble() < ACROSS_SHARE;
        int to = across ? (from + 1 + random.nextInt(bank.shards() - 1)) % bank.shards() : from;
        int index = random.nextInt(bank.accountsPerShard());
        int other = (index + 1 + random.nextInt(bank.accountsPerShard() - 1)) % bank.accountsPerShard();
        long id = ids.getAsLong();
        long amount = 1L + random.nextInt(AMOUNT_MAX);
        List<Part> parts = new ArrayList<>(List.of(
                new Part(Kind.DEBIT, id, from, to, bank.account(from, index), amount),
                new Part(Kind.CREDIT, id, to, from, bank.account(to, other), amount)));
        parts.sort(Comparator.comparingLong(Part::account));
        int orders = random.nextDouble() < ORDERS_SHARE ? 1 + random.nextInt(ORDERS_MAX) : 0;
        for (int i = 0; i < orders; i++) {
            int shard = random.nextInt(bank.shards());
            long account = bank.account(shard, random.nextInt(bank.accountsPerShard()));
            parts.add(new Part(Kind.ORDER, ids.getAsLong(), shard, shard, account, amount));
        }
        return new CitusTransfer(parts);
    }

    /** What the client is told of. */
    List<Acknowledged> acknowledged(long begunMicros, long decidedMicros, long acknowledgedMicros) {
        List<Acknowledged> told = new ArrayList<>();
        for (Part part : parts) {
            if (part.kind != Kind.CREDIT) {
                Acknowledged.Kind kind = part.kind == Kind.ORDER
                        ? Acknowledged.Kind.ORDER
                        : part.shard == part.otherShard ? Acknowledged.Kind.WITHIN : Acknowledged.Kind.ACROSS;
                told.add(new Acknowledged(
                        kind, part.id, part.shard, part.otherShard, begunMicros, decidedMicros, acknowledgedMicros));
            }
        }
        return told;
    }
}
