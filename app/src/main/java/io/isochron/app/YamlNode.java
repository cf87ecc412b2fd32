package io.isochron.app;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.dataformat.yaml.YAMLFactory;

/** A piece of YAML that knows where it stands, so that every problem can be shown with line and column. */
sealed interface YamlNode {
    /** Where it begins. */
    Place place();

    /** Line and column, from 1. */
    record Place(int line, int column) {
        @Override
        public String toString() {
            return "line " + line + ", column " + column;
        }
    }

    /** Keys and values in their order. */
    record Mapping(Place place, Map<String, Entry> entries) implements YamlNode {}

    /** A value and where its key stands. */
    record Entry(Place keyPlace, YamlNode value) {}

    /** A list. */
    record Sequence(Place place, List<YamlNode> items) implements YamlNode {}

    /** Anything else, as text; empty for null. */
    record Scalar(Place place, String text) implements YamlNode {}

    /**
     * Reads one document. Keys that appear twice are reported to {@code problems}.
     *
     * @throws JacksonException when it is not YAML
     */
    static YamlNode read(String yaml, List<String> problems) {
        try (JsonParser parser = new YAMLFactory().createParser(ObjectReadContext.empty(), yaml)) {
            if (parser.nextToken() == null) {
                return new Mapping(new Place(1, 1), Map.of());
            }
            return node(parser, problems);
        }
    }

    private static YamlNode node(JsonParser parser, List<String> problems) {
        Place place = place(parser);
        if (parser.currentToken() == JsonToken.START_OBJECT) {
            Map<String, Entry> entries = new LinkedHashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = parser.currentName();
                Place keyPlace = place(parser);
                parser.nextToken();
                Entry entry = new Entry(keyPlace, node(parser, problems));
                if (entries.putIfAbsent(key, entry) != null) {
                    problems.add(keyPlace + ": key '" + key + "' appears twice");
                }
            }
            return new Mapping(place, entries);
        }
        if (parser.currentToken() == JsonToken.START_ARRAY) {
            List<YamlNode> items = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                items.add(node(parser, problems));
            }
            return new Sequence(place, items);
        }
        String text = parser.currentToken() == JsonToken.VALUE_NULL ? "" : parser.getString();
        return new Scalar(place, text == null ? "" : text);
    }

    private static Place place(JsonParser parser) {
        TokenStreamLocation location = parser.currentTokenLocation();
        return new Place(location.getLineNr(), location.getColumnNr());
    }
}
