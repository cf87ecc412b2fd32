package io.isochron.handover;

import io.isochron.handover.TableShape.Column;
import io.isochron.handover.TableShape.Trigger;
import java.util.ArrayList;
import java.util.List;

/**
 * The two sides of a table, found to fit together.
 *
 * @param restored shape of the restored table
 * @param live shape of the live table
 * @param key the primary key
 * @param columns columns to compare and move: those of both sides that are not generated
 * @param notes differences a reader should know
 */
record TableMatch(TableShape restored, TableShape live, List<KeyColumn> key, List<Column> columns, List<String> notes) {

    /** Compares the shapes and refuses what cannot be handed back exactly. */
    static TableMatch of(String shard, TableShape restored, TableShape live, boolean acceptSchemaChange)
            throws BackfillRefusedException {
        TableName table = live.name();
        if (restored.primaryKey().isEmpty() || live.primaryKey().isEmpty()) {
            throw new BackfillRefusedException(
                    "table " + table + " has no primary key on the "
                            + (restored.primaryKey().isEmpty() ? "restored" : "live") + " shard " + shard,
                    "rows are matched by primary key; copy this table by hand from the restored cluster.");
        }
        if (!restored.primaryKey().equals(live.primaryKey())) {
            throw new BackfillRefusedException(
                    "the primary key of table " + table + " on shard " + shard + " was ("
                            + String.join(", ", restored.primaryKey()) + ") and is ("
                            + String.join(", ", live.primaryKey()) + ") now",
                    "rows are matched by primary key; copy this table by hand from the restored cluster.");
        }
        List<String> notes = new ArrayList<>();
        List<Column> columns = new ArrayList<>();
        for (Column then : restored.columns()) {
            Column now = live.column(then.name()).orElse(null);
            if (now == null) {
                if (!then.generated()) {
                    change(
                            shard,
                            table,
                            "column " + then.name() + " was dropped or renamed on the live side",
                            acceptSchemaChange);
                    notes.add("shard " + shard + ": column " + then.name()
                            + " is gone on the live side; its values are left out");
                }
                continue;
            }
            if (!then.type().equals(now.type())) {
                change(
                        shard,
                        table,
                        "column " + then.name() + " was " + then.type() + " and is " + now.type() + " on the live side",
                        acceptSchemaChange);
                notes.add("shard " + shard + ": column " + then.name() + " was " + then.type() + " and is read as "
                        + now.type());
            }
            if (!now.generated()) {
                columns.add(now);
            }
        }
        for (Column now : live.columns()) {
            if (restored.column(now.name()).isEmpty() && !now.generated()) {
                if (now.notNull() && !now.hasDefault()) {
                    throw new BackfillRefusedException(
                            "column " + now.name() + " of table " + table + " was added on shard " + shard
                                    + " later, is NOT NULL and has no default",
                            "give it a default for the time of the back-fill.");
                }
                notes.add("shard " + shard + ": column " + now.name()
                        + " was added later; rows given back get its default");
            }
        }
        List<KeyColumn> key = new ArrayList<>();
        for (String name : live.primaryKey()) {
            String then = restored.column(name).map(Column::type).orElse("");
            String now = live.column(name).map(Column::type).orElse("");
            if (!KeyColumn.of(name, then).kind().equals(KeyColumn.of(name, now).kind())) {
                throw new BackfillRefusedException(
                        "key column " + name + " of table " + table + " was " + then + " and is " + now + " on shard "
                                + shard,
                        "rows are matched by primary key; copy this table by hand from the restored cluster.");
            }
            key.add(KeyColumn.of(name, now));
        }
        return new TableMatch(restored, live, List.copyOf(key), List.copyOf(columns), List.copyOf(notes));
    }

    private static void change(String shard, TableName table, String what, boolean accepted)
            throws BackfillRefusedException {
        if (!accepted) {
            throw new BackfillRefusedException(
                    "the schema of table " + table + " changed on shard " + shard + ": " + what,
                    "accept the schema change explicitly if its values may be left out or read as the new type.");
        }
    }

    /** Refuses writing where triggers or rules would do more than was asked. */
    void checkWritable(String shard, BackfillOptions.Triggers policy) throws BackfillRefusedException {
        if (!live.rules().isEmpty()) {
            throw new BackfillRefusedException(
                    "table " + live.name() + " on shard " + shard + " has rewrite rules: "
                            + String.join(", ", live.rules()),
                    "drop or disable the rules for the time of the back-fill; triggers are a better tool for what they do.");
        }
        if (live.triggers().isEmpty()) {
            return;
        }
        String names =
                String.join(", ", live.triggers().stream().map(Trigger::name).toList());
        switch (policy) {
            case FIRE -> {}
            case REFUSE ->
                throw new BackfillRefusedException(
                        "table " + live.name() + " on shard " + shard + " has triggers: " + names,
                        "say whether they are to be suppressed or fired for the rows that are given back.");
            case SUPPRESS -> {
                if (live.triggers().stream().anyMatch(Trigger::onReplica)) {
                    throw new BackfillRefusedException(
                            "table " + live.name() + " on shard " + shard
                                    + " has triggers that are enabled as REPLICA or ALWAYS and cannot be suppressed: "
                                    + names,
                            "disable them for the time of the back-fill, or fire them.");
                }
            }
        }
    }

    /** The columns as a list for SELECT, each as text. */
    String columnTexts() {
        return String.join(
                ", ",
                columns.stream()
                        .map(c -> TableName.quote(c.name()) + "::pg_catalog.text")
                        .toList());
    }

    /** A digest of the compared columns: equal when every value's text is equal. */
    String digest() {
        String row = String.join(
                ", ", columns.stream().map(c -> TableName.quote(c.name())).toList());
        return "pg_catalog.sha256(pg_catalog.convert_to(ROW(" + row + ")::pg_catalog.text, 'UTF8'))";
    }
}
