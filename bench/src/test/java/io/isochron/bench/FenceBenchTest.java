package io.isochron.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A tiny run of {@code bench/fences}. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class FenceBenchTest {
    @Test
    void noEffectIsInsideAFenceWithoutItsCause() throws Exception {
        FenceBench.Result result = FenceBench.run(new FenceBench.Options(1, 1, 1, 2, 5, 0, 17));

        assertThat(result.inversions()).isEmpty();
        assertThat(result.line()).containsEntry("inverted", 0);
        assertThat(result.line().get("fences_checked"))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.INTEGER)
                .isGreaterThanOrEqualTo(5);
    }
}
