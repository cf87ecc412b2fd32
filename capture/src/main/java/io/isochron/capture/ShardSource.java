package io.isochron.capture;

import io.isochron.wire.ConnectionSettings;
import java.util.regex.Pattern;

/**
 * Where one shard's WAL comes from.
 *
 * @param name the shard's name, as the repository knows it
 * @param settings how to reach its primary; the role needs the REPLICATION attribute, and for names of relations the right to connect to its databases
 * @param slot the physical replication slot, made by capture if it does not exist; 1 to 63 of lower-case letters, digits and {@code _} (PostgreSQL, {@code ReplicationSlotValidateName} in
 *     src/backend/replication/slot.c)
 */
public record ShardSource(String name, ConnectionSettings settings, String slot) {
    private static final Pattern SLOT = Pattern.compile("[a-z0-9_]{1,63}");

    public ShardSource {
        if (!SLOT.matcher(slot).matches()) {
            throw new IllegalArgumentException("replication slot name '" + slot + "' of shard " + name
                    + " is not allowed\nhint: use 1 to 63 lower-case letters, digits and underscores");
        }
    }
}
