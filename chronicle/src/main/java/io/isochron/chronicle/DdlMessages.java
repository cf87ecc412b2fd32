package io.isochron.chronicle;

import java.util.List;

/**
 * Messages of the SQL helper in a stretch of WAL, in LSN order.
 *
 * @param items at most {@link #COUNT_MAX} with {@link #SIZE_MAX} characters in all
 * @param omitted how many were left out because there were too many, or because they could not be read
 */
public record DdlMessages(List<DdlMessage> items, long omitted) {
    /** None. */
    public static final DdlMessages NONE = new DdlMessages(List.of(), 0);

    /** Most messages in a segment. */
    static final int COUNT_MAX = 1024;

    /** Most characters (UTF-16) in all texts of a segment's messages. */
    static final int SIZE_MAX = 1 << 20;

    public DdlMessages {
        items = List.copyOf(items);
    }
}
