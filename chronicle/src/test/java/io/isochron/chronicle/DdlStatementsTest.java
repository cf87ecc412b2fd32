package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What stays of very many statements. */
class DdlStatementsTest {
    @Test
    void ofTooManyStatementsThoseThatDropStayFirstInTheirOrderAndTheRestIsCounted() {
        List<DdlStatement> all = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            all.add(statement(i, i % 10 == 9 ? "DROP TABLE" : i % 10 == 8 ? "ALTER TABLE" : "CREATE TABLE", "x"));
        }
        DdlStatements chosen = DdlStatements.chosen(all, 5);
        assertThat(chosen.items())
                .hasSize(DdlStatements.COUNT_MAX)
                .isSortedAccordingTo((a, b) -> a.at().compareTo(b.at()));
        assertThat(chosen.omitted()).isEqualTo(5 + 1000 - DdlStatements.COUNT_MAX);
        assertThat(chosen.items().stream().filter(one -> one.ddl().tag().startsWith("DROP")))
                .hasSize(100);
        assertThat(chosen.items().stream().filter(one -> one.ddl().tag().startsWith("ALTER")))
                .hasSize(100);
    }

    @Test
    void theTextsOfAnEntryAreBoundedInAll() {
        List<DdlStatement> all = new ArrayList<>();
        for (int i = 0; i < DdlStatements.COUNT_MAX; i++) {
            all.add(statement(i, "CREATE VIEW", "v".repeat(DdlText.TEXT_MAX)));
        }
        DdlStatements chosen = DdlStatements.chosen(all, 0);
        assertThat(chosen.items().stream().mapToInt(one -> one.ddl().size()).sum())
                .isBetween(DdlStatements.SIZE_MAX / 2, DdlStatements.SIZE_MAX);
        assertThat(chosen.items().size() + chosen.omitted()).isEqualTo(DdlStatements.COUNT_MAX);
    }

    @Test
    void aTallyHoldsLittleMoreThanAnEntryAndCountsAllThatWentBy() {
        DdlTally tally = new DdlTally();
        tally.omit(7);
        for (int i = 0; i < 2000; i++) {
            tally.add(List.of(statement(i, i == 3 ? "DROP VIEW" : "CREATE VIEW", "v".repeat(DdlText.TEXT_MAX))));
        }
        DdlStatements chosen = tally.chosen();
        assertThat(chosen.items()).anyMatch(one -> one.ddl().tag().equals("DROP VIEW"));
        assertThat(chosen.items().size() + chosen.omitted()).isEqualTo(2007);
        assertThat(chosen.items()).hasSizeBetween(2, DdlStatements.COUNT_MAX);
    }

    @Test
    void messagesOfOpenTransactionsAreBoundedAndWhatGoesOnFromThemKnowsTheSame() {
        OpenDdl open = new OpenDdl(List.of());
        List<DdlMessage> many = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            many.add(new DdlMessage(
                    i % 7, new Lsn(100 + i), statement(i, "ALTER TABLE", "a").ddl()));
        }
        assertThat(open.take(new DdlMessages(many, 4))).isEqualTo(4 + 3000 - OpenDdl.COUNT_MAX);
        List<DdlMessage> carried = open.carried();
        assertThat(carried).hasSize(OpenDdl.COUNT_MAX);
        assertThat(new OpenDdl(carried).carried()).isEqualTo(carried);
        Event commit =
                new Event(Event.Kind.COMMIT, new Lsn(5000), new Lsn(5000), new Lsn(5050), 3, 1, null, 5, List.of(5));
        assertThat(open.of(commit))
                .isNotEmpty()
                .allMatch(one -> one.xid() == 3 || one.xid() == 5)
                .isSortedAccordingTo((a, b) -> a.at().compareTo(b.at()));
        open.ended(commit);
        assertThat(open.of(commit)).isEmpty();
        // what ended makes room again
        assertThat(open.take(new DdlMessages(many.subList(0, 10), 0))).isZero();
    }

    private static DdlStatement statement(int number, String tag, String text) {
        return new DdlStatement(
                number,
                new Lsn(1000 + number),
                number,
                new DdlText(tag, "u", "d", List.of(), 0, text, DdlText.Form.WHOLE));
    }
}
