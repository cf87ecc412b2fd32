package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Anybody who may log in can write a message with the helper's prefix: whatever it is, what is kept of it is bounded and comes back as it was. */
class DdlTextTest {
    @Test
    void aMessageOfTheHelperIsRead() {
        DdlText ddl = parse(
                "{\"v\":1,\"tag\":\"ALTER TABLE\",\"user\":\"alice\",\"database\":\"shop\",\"objects\":[\"table public.orders\"],"
                        + "\"more\":2,\"text\":\"ALTER TABLE orders\\nADD x int\",\"form\":\"whole\",\"later\":true}");
        assertThat(ddl)
                .isEqualTo(new DdlText(
                        "ALTER TABLE",
                        "alice",
                        "shop",
                        List.of("table public.orders"),
                        2,
                        "ALTER TABLE orders\nADD x int",
                        DdlText.Form.WHOLE));
    }

    @Test
    void aTextThatIsNotDeclaredWholeOrCutIsNotKept() {
        DdlText ddl = parse("{\"v\":1,\"tag\":\"CREATE SERVER\",\"text\":\"hunter2\",\"form\":\"withheld\"}");
        assertThat(ddl.text()).isEmpty();
        assertThat(ddl.form()).isEqualTo(DdlText.Form.WITHHELD);
        assertThat(parse("{\"v\":1,\"tag\":\"CREATE SERVER\",\"text\":\"hunter2\"}")
                        .text())
                .isEmpty();
    }

    @Test
    void whatIsNotAMessageOfThisVersionIsRefused() {
        for (String bad : List.of(
                "",
                "x",
                "[]",
                "1",
                "{\"v\":2,\"tag\":\"DROP TABLE\"}",
                "{\"tag\":\"DROP TABLE\"}",
                "{\"v\":1}",
                "{\"v\":1,\"tag\":\"DROP",
                "[".repeat(100_000))) {
            assertThat(DdlText.parse(bad)).as(bad).isEmpty();
        }
        assertThat(DdlText.parse(" ".repeat(DdlText.MESSAGE_BYTES_MAX + 1))).isEmpty();
    }

    @Test
    void allThatIsLongIsCutAndHalvesOfCharactersAreReplaced() throws Exception {
        List<String> objects = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            objects.add("\"" + "o".repeat(400) + "\"");
        }
        DdlText ddl = parse("{\"v\":1,\"tag\":\"" + "T".repeat(1000) + "\",\"objects\":[" + String.join(",", objects)
                + "],\"text\":\"\\ud83d" + "x".repeat(20_000) + "\",\"form\":\"whole\"}");
        assertThat(ddl.text()).hasSize(DdlText.TEXT_MAX).startsWith("?");
        assertThat(ddl.form()).isEqualTo(DdlText.Form.CUT);
        assertThat(ddl.objects()).hasSize(DdlText.OBJECTS_MAX);
        assertThat(ddl.objectsOmitted()).isEqualTo(100 - DdlText.OBJECTS_MAX);
        assertThat(ddl.size()).isLessThan(20_000);
        ByteWriter out = new ByteWriter();
        ddl.write(out);
        byte[] bytes = out.toBytes();
        assertThat(DdlText.read(new ByteReader("text", bytes, 0, bytes.length))).isEqualTo(ddl);
    }

    private static DdlText parse(String json) {
        return DdlText.parse(json).orElseThrow();
    }
}
