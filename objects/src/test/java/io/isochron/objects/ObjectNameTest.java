package io.isochron.objects;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class ObjectNameTest {
    /** What docs/repository-format.md says of names, but for the length of the whole. */
    private static final Pattern SEGMENT = Pattern.compile("[a-z0-9][a-z0-9._-]{0,127}");

    private static final Pattern NAME = Pattern.compile(SEGMENT + "(/" + SEGMENT + ")*");
    private static final String CHARACTERS = "az09._-/AZ é\u0000`{:";

    @Test
    void textsAreNamesAsTheFormatSays() {
        SplittableRandom random = new SplittableRandom(17);
        int names = 0;
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder();
            int length = random.nextInt(12);
            // mostly what may stand in names, so that many are
            int usual = random.nextInt(4) == 0 ? CHARACTERS.length() : 8;
            for (int c = 0; c < length; c++) {
                text.append(CHARACTERS.charAt(random.nextInt(usual)));
            }
            boolean name = NAME.matcher(text).matches();
            names += name ? 1 : 0;
            assertEquals(name, ObjectName.isName(text.toString()), "'" + text + "'");
            assertEquals(SEGMENT.matcher(text).matches(), ObjectName.isSegment(text.toString()), "'" + text + "'");
        }
        assertTrue(names > 20_000, "only " + names + " names");
    }

    @Test
    void lengthsAreLimited() {
        assertTrue(ObjectName.isName("a".repeat(128)));
        assertFalse(ObjectName.isName("a".repeat(129)));
        assertFalse(ObjectName.isName("b/" + "a".repeat(129) + "/c"));
        String folder = "a".repeat(127) + "/";
        assertTrue(ObjectName.isName(folder.repeat(3) + "a".repeat(128)));
        assertFalse(ObjectName.isName(folder.repeat(4) + "a"));
    }
}
