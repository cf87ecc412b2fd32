package io.isochron.restore;

import java.nio.file.Path;

/** Where things of one shard lie in a target directory. */
record ShardPaths(Path target, String shard) {

    Path root() {
        return target.resolve(shard);
    }

    Path data() {
        return root().resolve("data");
    }

    Path tablespaces() {
        return root().resolve("tablespaces");
    }

    Path own() {
        return root().resolve("isochron");
    }

    Path config() {
        return own().resolve("postgresql.conf");
    }

    Path hba() {
        return own().resolve("pg_hba.conf");
    }

    Path ident() {
        return own().resolve("pg_ident.conf");
    }

    Path passFile() {
        return own().resolve("feed.pass");
    }

    Path fetchedPacks() {
        return own().resolve("fetched-packs");
    }

    Path log() {
        return root().resolve("postgresql.log");
    }

    Path standbySignal() {
        return data().resolve("standby.signal");
    }
}
