package io.isochron.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.wal.Lsn;
import org.junit.jupiter.api.Test;

final class ReplicationCommandTest {
    @Test
    void whatReceiversSayIsUnderstood() {
        assertThat(ReplicationCommand.parse("IDENTIFY_SYSTEM")).isEqualTo(new ReplicationCommand.IdentifySystem());
        assertThat(ReplicationCommand.parse("START_REPLICATION SLOT \"a\"\"b c\" PHYSICAL 1A/2B TIMELINE 3"))
                .isEqualTo(new ReplicationCommand.StartPhysical("a\"b c", Lsn.parse("1A/2B"), 3));
        assertThat(ReplicationCommand.parse("START_REPLICATION 0/3000000 TIMELINE 1"))
                .isEqualTo(new ReplicationCommand.StartPhysical(null, Lsn.parse("0/3000000"), 1));
        assertThat(ReplicationCommand.parse("start_replication physical 0/0;"))
                .isEqualTo(new ReplicationCommand.StartPhysical(null, Lsn.INVALID, 0));
        assertThat(ReplicationCommand.parse("TIMELINE_HISTORY 2"))
                .isEqualTo(new ReplicationCommand.TimelineHistoryFile(2));
        assertThat(ReplicationCommand.parse("SHOW wal_segment_size"))
                .isEqualTo(new ReplicationCommand.Show("wal_segment_size"));
        assertThat(ReplicationCommand.parse("READ_REPLICATION_SLOT s")).isEqualTo(new ReplicationCommand.ReadSlot("s"));
    }

    @Test
    void everythingElseIsUnsupportedAndHarmless() {
        for (String text : new String[] {
            "",
            ";",
            "SELECT 1",
            "START_REPLICATION",
            "START_REPLICATION SLOT x LOGICAL 0/0",
            "START_REPLICATION here",
            "TIMELINE_HISTORY",
            "TIMELINE_HISTORY x",
            "START_REPLICATION SLOT \"open",
            "BASE_BACKUP"
        }) {
            assertThat(ReplicationCommand.parse(text)).as(text).isInstanceOf(ReplicationCommand.Unsupported.class);
        }
    }
}
