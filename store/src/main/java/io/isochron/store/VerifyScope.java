package io.isochron.store;

/**
 * What to verify.
 *
 * @param wal WAL objects, their continuity, and timeline histories
 * @param snapshots snapshots, their manifests and packs
 * @param chronicle chronicle segments
 * @param documents documents
 */
public record VerifyScope(boolean wal, boolean snapshots, boolean chronicle, boolean documents) {
    public static final VerifyScope ALL = new VerifyScope(true, true, true, true);
}
