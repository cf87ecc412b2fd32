package io.isochron.app;

import io.isochron.chronicle.DdlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows what the SQL helper said of statements. Others wrote these texts, so nothing in them may steer a terminal. */
final class Statements {
    private static final int LINE_MAX = 300;

    private Statements() {}

    /** One line for each. */
    static List<String> lines(List<DdlText> statements, String before) {
        List<String> lines = new ArrayList<>();
        for (DdlText statement : statements) {
            lines.add(before + line(statement));
        }
        return lines;
    }

    /** On one line, shortened. */
    static String line(DdlText statement) {
        String text = plain(statement.text()).strip().replaceAll("\\s+", " ");
        String shown = switch (statement.form()) {
            case WITHHELD -> plain(statement.tag()) + objects(statement) + " (text not recorded)";
            case CUT -> shortened(text) + " (cut)";
            case WHOLE -> shortened(text);
        };
        return shown + (statement.user().isEmpty() ? "" : "  -- by " + plain(statement.user()));
    }

    private static String shortened(String text) {
        return text.length() <= LINE_MAX ? text : text.substring(0, LINE_MAX) + "...";
    }

    private static String objects(DdlText statement) {
        if (statement.objects().isEmpty()) {
            return "";
        }
        int others = statement.objects().size() - 1 + statement.objectsOmitted();
        return " of " + plain(statement.objects().getFirst()) + (others == 0 ? "" : " and " + others + " more");
    }

    /** Line ends and tabs stay, all other control characters do not. */
    static String plain(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Cf}\\u2028\\u2029&&[^\\n\\t]]", "\uFFFD");
    }

    static Map<String, @Nullable Object> json(DdlText statement) {
        return Json.object(
                "tag",
                statement.tag(),
                "user",
                statement.user(),
                "database",
                statement.database(),
                "objects",
                statement.objects(),
                "objectsOmitted",
                statement.objectsOmitted(),
                "form",
                statement.form().name().toLowerCase(java.util.Locale.ROOT),
                "text",
                statement.form() == DdlText.Form.WITHHELD ? null : statement.text());
    }

    /** Whether an object that it names has this name, with or without its schema. */
    static boolean names(DdlText statement, String table) {
        for (String object : statement.objects()) {
            String name = object.substring(object.lastIndexOf(' ') + 1);
            if (name.equals(table) || name.endsWith("." + table)) {
                return true;
            }
        }
        return false;
    }
}
