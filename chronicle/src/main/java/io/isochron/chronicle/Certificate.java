package io.isochron.chronicle;

import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.json.JsonMapper;

/**
 * A computed cut as an immutable document: a JSON object with times in microseconds since the Unix epoch (and, for people, the moment in
 * ISO form), LSNs in PostgreSQL's form, transaction ids as unsigned numbers.
 *
 * @param cluster name of the cluster
 * @param cut the cut
 */
public record Certificate(String cluster, Cut cut) {
    private static final int ID_DIGITS = 32;
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    /** Its id: {@code cut-} and the first 32 hexadecimal digits of the SHA-256 of its JSON. */
    public String id() {
        return "cut-" + SegmentCodec.sha256(toJson()).substring(0, ID_DIGITS);
    }

    /** The document: UTF-8, the same certificate always gives the same bytes. */
    public byte[] toJson() {
        DefaultIndenter lines = new DefaultIndenter("  ", "\n");
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
        printer.indentObjectsWith(lines);
        printer.indentArraysWith(lines);
        String text = MAPPER.writer().with(printer).writeValueAsString(CutJson.write(cluster, cut)) + "\n";
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads a document back.
     *
     * @throws IllegalArgumentException if it is not a certificate of version 1
     */
    public static Certificate fromJson(byte[] json) {
        try {
            return CutJson.read(MAPPER.readTree(json));
        } catch (JacksonException e) {
            throw new IllegalArgumentException("not a cut certificate: it is not JSON: " + e.getOriginalMessage(), e);
        }
    }
}
