package io.isochron.app;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows a command's result: text for people or one JSON document for programs, never both. */
final class Output {
    /** The forms. */
    enum Form {
        text,
        json,
        /** Only {@code history} gives it. */
        csv
    }

    private final Form form;
    private final PrintStream out;

    Output(Form form, PrintStream out) {
        this.form = form;
        this.out = out;
    }

    /** Shows the result in the form that was asked for. */
    void result(Map<String, @Nullable Object> json, List<String> text) {
        switch (form) {
            case json -> out.println(Json.write(json));
            case text, csv -> text.forEach(out::println);
        }
    }

    boolean json() {
        return form == Form.json;
    }

    /** Shows a line of a result that grows while the command runs; JSON programs get one document per line. */
    void event(Map<String, @Nullable Object> json, String text) {
        out.println(json() ? Json.line(json) : text);
    }

    /** Columns set under each other, two spaces apart; the first row is the heading. */
    static List<String> table(List<List<String>> rows) {
        List<Integer> widths = new ArrayList<>();
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                int width = row.get(i).length();
                if (i == widths.size()) {
                    widths.add(width);
                } else {
                    widths.set(i, Math.max(widths.get(i), width));
                }
            }
        }
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                line.append(row.get(i))
                        .append(" ".repeat(widths.get(i) - row.get(i).length() + 2));
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }
}
