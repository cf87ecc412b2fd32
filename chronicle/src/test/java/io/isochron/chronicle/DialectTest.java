package io.isochron.chronicle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DialectTest {
    @Test
    void branchesOfOneXaTransactionShareFormatAndGlobalPart() {
        assertThat(Dialect.xa().globalTransaction("131077_AAAAb+/=_MQ=="))
                .isEqualTo(Dialect.xa().globalTransaction("131077_AAAAb+/=_Mg=="))
                .contains("131077_AAAAb+/=");
        assertThat(Dialect.xa().globalTransaction("9752_AAAAb+/=_MQ=="))
                .isNotEqualTo(Dialect.xa().globalTransaction("131077_AAAAb+/=_MQ=="));
        assertThat(Dialect.xa().globalTransaction("-3_AA==_AA==")).contains("-3_AA==");
    }

    @Test
    void xaDoesNotTakeWhatOthersMake() {
        for (String gid : List.of("mine", "citus_0_123_4_5", "__pgdog_2pc_a_b_0", "131077_AA==", "x_AA==_AA==", "")) {
            assertThat(Dialect.xa().globalTransaction(gid)).as(gid).isEmpty();
        }
    }

    @Test
    void xaIsWhatItsFormSays() {
        Pattern form = Pattern.compile("(-?\\d{1,10}_[A-Za-z0-9+/]*={0,2})_[A-Za-z0-9+/]*={0,2}");
        long seed = Long.getLong("isochron.seed", new Random().nextInt(Integer.MAX_VALUE));
        System.out.println("xa: -Disochron.seed=" + seed);
        Random random = new Random(seed);
        String letters = "-0019_aZ+/=.é٣\n";
        int taken = 0;
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "1_" : "");
            for (int length = random.nextInt(14); length > 0; length--) {
                text.append(letters.charAt(random.nextInt(random.nextInt(2) == 0 ? letters.length() : 11)));
            }
            String gid = text.toString();
            Matcher matcher = form.matcher(gid);
            Optional<String> expected = matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
            assertThat(Dialect.xa().globalTransaction(gid)).as(gid).isEqualTo(expected);
            taken += expected.isPresent() ? 1 : 0;
        }
        assertThat(taken).isBetween(1_000, 199_000);
    }

    @Test
    void pgDogBranchesDifferInTheShardOnly() {
        assertThat(Dialect.pgDog().globalTransaction("__pgdog_2pc_eu_i1_8fa_12"))
                .contains("__pgdog_2pc_eu_i1_8fa");
    }

    @Test
    void citusBranchesDifferInTheConnectionOnlyAndTheirDecisionIsRecorded() {
        assertThat(Dialect.citus().globalTransaction("citus_0_4711_18446744073709551615_3"))
                .contains("citus_0_4711_18446744073709551615");
        assertThat(Dialect.citus().globalTransaction("citus_0_4711_3")).isEmpty();
        assertThat(Dialect.citus().recordsDecision("citus_0_4711_3_1")).isTrue();
        assertThat(Dialect.known().globalTransaction("citus_0_4711_3_1")).contains("citus_0_4711_3");
        assertThat(Dialect.known().recordsDecision("citus_0_4711_3_1")).isTrue();
        assertThat(Dialect.known().recordsDecision("131077_AA==_AA==")).isFalse();
        assertThat(Dialect.known().globalTransaction("131077_AA==_AA==")).contains("131077_AA==");
    }

    @Test
    void anOwnPatternNamesTheTransactionByItsOneGroup() {
        assertThat(Dialect.pattern("shop-(\\d+)-.*").globalTransaction("shop-17-b"))
                .contains("17");
        assertThat(Dialect.pattern("shop-(\\d+)-.*").globalTransaction("xshop-17-b"))
                .isEmpty();
    }

    @Test
    void anOwnPatternWithoutExactlyOneGroupIsRefusedWithAHint() {
        assertThatThrownBy(() -> Dialect.pattern("shop-\\d+"))
                .hasMessageContaining("0 groups")
                .hasMessageContaining("hint: ");
        assertThatThrownBy(() -> Dialect.pattern("(a)(b)")).hasMessageContaining("2 groups");
        assertThatThrownBy(() -> Dialect.pattern("(a")).hasMessageContaining("not a regular expression");
    }

    @Test
    void twoDialectsNeverJoinEachOthersTransactions() {
        Dialect both = Dialect.anyOf(List.of(Dialect.xa(), Dialect.pattern("(\\d+_[a-z]+)-.*")));
        assertThat(both.globalTransaction("1_aa_b")).isNotEqualTo(both.globalTransaction("1_aa-b"));
    }
}
