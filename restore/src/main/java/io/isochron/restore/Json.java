package io.isochron.restore;

import io.isochron.wal.Lsn;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;

/** JSON of this room's records: LSNs as PostgreSQL writes them, unknown properties refused. */
final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .addModule(new SimpleModule()
                    .addSerializer(Lsn.class, new LsnWriter())
                    .addDeserializer(Lsn.class, new LsnReader()))
            .build();

    private Json() {}

    static byte[] write(Object value) {
        return MAPPER.writeValueAsBytes(value);
    }

    /** @param what names the document in an error */
    static <T> T read(byte[] json, Class<T> type, String what) throws IOException {
        T value;
        try {
            value = MAPPER.readValue(json, type);
        } catch (JacksonException e) {
            throw unreadable(what, e);
        }
        if (value == null) {
            throw unreadable(what, null);
        }
        return value;
    }

    private static RestoreException unreadable(String what, @Nullable JacksonException cause) {
        return new RestoreException(
                what + " cannot be read: " + (cause == null ? "it is empty" : cause.getOriginalMessage()),
                "it is damaged or was written by another version of isochron",
                cause);
    }

    private static final class LsnWriter extends ValueSerializer<Lsn> {
        @Override
        public void serialize(Lsn value, JsonGenerator json, SerializationContext context) {
            json.writeString(value.toString());
        }
    }

    private static final class LsnReader extends ValueDeserializer<Lsn> {
        @Override
        public Lsn deserialize(JsonParser json, DeserializationContext context) {
            try {
                return Lsn.parse(json.getString());
            } catch (IllegalArgumentException e) {
                return (Lsn) context.handleWeirdStringValue(Lsn.class, json.getString(), "not an LSN");
            }
        }
    }
}
