package io.isochron.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableNameTest {
    @Test
    void namesAreReadAsSqlReadsThem() {
        assertThat(TableName.parse("Orders")).isEqualTo(new TableName("public", "orders"));
        assertThat(TableName.parse("Shop.Orders")).isEqualTo(new TableName("shop", "orders"));
        assertThat(TableName.parse("\"Shop\".\"a.b\"\"c\"")).isEqualTo(new TableName("Shop", "a.b\"c"));
        assertThat(new TableName("Shop", "a.b\"c")).hasToString("\"Shop\".\"a.b\"\"c\"");
        assertThat(TableName.parse(new TableName("My Schema", "T").toString()))
                .isEqualTo(new TableName("My Schema", "T"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b", "a b", "a\"b\"", "\"\""})
    void whatIsNoNameIsRefused(String text) {
        assertThatThrownBy(() -> TableName.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
