package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * A boundary was moved earlier, because a global transaction was committed inside it while a branch elsewhere was not even prepared.
 *
 * @param from boundary before
 * @param to boundary after
 * @param byMicros how much earlier: corrected time of the first commit given up, before T*; 0 or more
 * @param gid branch on this shard whose commit was given up
 * @param xid its unsigned transaction id
 * @param missingShard shard on which a branch was missing
 * @param missingGid that branch's gid
 */
public record Lowering(Lsn from, Lsn to, long byMicros, String gid, int xid, String missingShard, String missingGid) {}
