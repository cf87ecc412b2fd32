package io.isochron.capture;

import io.isochron.wal.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the replication slots moving that a shard's capture has on servers from which it does not stream at the moment, so that they keep the WAL that is not archived, for when capture goes on there, and no more.
 */
final class OtherSlots implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OtherSlots.class);
    private static final Duration EVERY = Duration.ofSeconds(10);

    private final List<ShardSource> places;
    private final Supplier<Lsn> durable;
    private final Thread thread;

    /**
     * Begins.
     *
     * @param places where slots may be; one that is missing or in use is left alone
     * @param durable up to where WAL is archived
     */
    OtherSlots(List<ShardSource> places, Supplier<Lsn> durable) {
        this.places = List.copyOf(places);
        this.durable = durable;
        this.thread = Thread.ofVirtual().name("isochron-slots").unstarted(this::run);
        if (!places.isEmpty()) {
            thread.start();
        }
    }

    private void run() {
        try {
            while (true) {
                for (ShardSource place : places) {
                    advance(place, durable.get());
                }
                Thread.sleep(EVERY);
            }
        } catch (InterruptedException e) {
            // the session is over
        }
    }

    /** A slot is never moved beyond what its server has flushed or replayed, which is the server's own rule. */
    private static void advance(ShardSource place, Lsn durable) {
        try (Connection connection = Sql.open(place, place.settings().database());
                PreparedStatement advance = connection.prepareStatement("""
                        select pg_catalog.pg_replication_slot_advance(slot_name, ?::pg_catalog.pg_lsn)
                        from pg_catalog.pg_replication_slots
                        where slot_name = ? and slot_type = 'physical' and not active and restart_lsn < ?::pg_catalog.pg_lsn""")) {
            advance.setString(1, durable.toString());
            advance.setString(2, place.slot());
            advance.setString(3, durable.toString());
            advance.execute();
        } catch (SQLException e) {
            LOG.info(
                    "slot {} of shard {} at {} was not moved: {}",
                    place.slot(),
                    place.name(),
                    place.settings().where(),
                    e.getMessage());
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
