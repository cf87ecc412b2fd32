package io.isochron.capture;

import static io.isochron.capture.StandbyNames.Requirement.ALWAYS;
import static io.isochron.capture.StandbyNames.Requirement.NOT;
import static io.isochron.capture.StandbyNames.Requirement.WHILE_CONNECTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StandbyNamesTest {
    private static StandbyNames.Requirement requirement(String value) {
        return StandbyNames.parse(value).of("isochron");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "isochron",
                "\"isochron\"",
                "ISOCHRON",
                "FIRST 1 (isochron)",
                "first 2 (a,isochron)",
                "ANY 1 (isochron)",
                "any 2 (\"a\", isochron)",
                "2 (isochron, b)",
                "FIRST 3 (isochron, a)"
            })
    void every_commit_waits_for_a_standby_when_all_that_are_listed_must_confirm(String value) {
        assertThat(requirement(value)).isEqualTo(ALWAYS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"isochron, b", "FIRST 1 (isochron, b)", "FIRST 2 (a, isochron, b)", "FIRST 1 (isochron, *)"})
    void a_standby_before_spares_is_required_only_while_it_is_connected(String value) {
        assertThat(requirement(value)).isEqualTo(WHILE_CONNECTED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "  ",
                "b",
                "*",
                "b, isochron",
                "FIRST 1 (b, isochron)",
                "ANY 1 (a, isochron)",
                "ANY 2 (a, isochron, b)",
                "FIRST 1 (*)",
                "ANY 1 (*)"
            })
    void a_standby_that_others_can_stand_in_for_is_not_required(String value) {
        assertThat(requirement(value)).isEqualTo(NOT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "isochron | ''",
                "FIRST 2 (isochron, b) | FIRST 1 (\"b\")",
                "ANY 2 (a, isochron, b) | ANY 1 (\"a\", \"b\")",
                "FIRST 1 (isochron, b) | FIRST 1 (\"b\")",
                "FIRST 1 (isochron, *) | FIRST 1 (*)",
                "b | FIRST 1 (\"b\")"
            })
    void without_it_the_others_still_have_to_confirm(String value, String rest) {
        StandbyNames without = StandbyNames.parse(value).without("isochron");
        assertThat(without.format()).isEqualTo(rest);
        assertThat(without.of("isochron")).isNotEqualTo(ALWAYS);
        assertThat(StandbyNames.parse(rest)).isEqualTo(without);
    }

    @Test
    void names_may_hold_anything_when_quoted_and_a_standby_may_be_called_first() {
        assertThat(StandbyNames.parse("\"a \"\"b, (\", first").names()).containsExactly("a \"b, (", "first");
        assertThat(StandbyNames.parse("any 1 (\"ANY\")").names()).containsExactly("ANY");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "FIRST (a)", "FIRST 1 (a,)", "\"a", "a,,b", "1 (a"})
    void what_is_no_such_value_is_refused(String value) {
        assertThatThrownBy(() -> StandbyNames.parse(value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("synchronous_standby_names");
    }
}
