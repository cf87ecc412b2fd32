package io.isochron.chronicle;

import io.isochron.wal.Lsn;

/**
 * CREATE TABLESPACE was logged: replay will want this directory.
 *
 * @param at end of the record
 * @param oid OID of the tablespace
 * @param path directory on the shard's host
 */
public record TablespaceCreated(Lsn at, int oid, String path) {}
