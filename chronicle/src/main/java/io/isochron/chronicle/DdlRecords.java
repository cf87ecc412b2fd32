package io.isochron.chronicle;

import io.isochron.wal.LogicalMessage;
import io.isochron.wal.WalDamagedException;
import io.isochron.wal.WalRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Collects a segment's messages of the SQL helper, with limits: anybody may write such messages, of any size. */
final class DdlRecords {
    private List<DdlMessage> items = new ArrayList<>();
    private int size;
    private long omitted;

    void record(WalRecord record) throws WalDamagedException {
        Optional<LogicalMessage> message = LogicalMessage.decode(record, DdlText.PREFIX, DdlText.MESSAGE_BYTES_MAX);
        if (message.isEmpty() || !message.get().transactional() || record.xid() == 0) {
            return;
        }
        Optional<DdlText> ddl = DdlText.parse(message.get().content());
        if (ddl.isEmpty()
                || items.size() == DdlMessages.COUNT_MAX
                || size + ddl.get().size() > DdlMessages.SIZE_MAX) {
            omitted++;
            return;
        }
        size += ddl.get().size();
        items.add(new DdlMessage(record.xid(), record.end(), ddl.get()));
    }

    /** Those since the last call. */
    DdlMessages take() {
        if (items.isEmpty() && omitted == 0) {
            return DdlMessages.NONE;
        }
        DdlMessages taken = new DdlMessages(items, omitted);
        items = new ArrayList<>();
        size = 0;
        omitted = 0;
        return taken;
    }
}
