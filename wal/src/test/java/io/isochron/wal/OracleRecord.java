package io.isochron.wal;

import java.util.List;

/**
 * A record as PostgreSQL's own tools show it.
 *
 * @param end null where the tool does not tell
 * @param fullPageImageBytes bytes of page images
 * @param mainBytes bytes of main data; -1 where the tool does not tell
 * @param blocks one text for each block reference: {@code id tablespace/database/file fork block image?}
 */
record OracleRecord(
        String start,
        String end,
        String previous,
        String xid,
        String resourceManager,
        String type,
        String description,
        int length,
        int fullPageImageBytes,
        int mainBytes,
        List<String> blocks) {}
