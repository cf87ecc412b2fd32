package io.isochron.bench;

import io.isochron.workload.Acknowledged;
import io.isochron.workload.Bank;
import io.isochron.workload.WorkloadOptions;
import io.isochron.workload.XaWorkload;
import java.sql.SQLException;
import java.util.List;
import javax.sql.XADataSource;

/** Clients at work on a bank, whoever coordinates them. */
interface Traffic extends AutoCloseable {
    /** Ends it; nothing is in doubt afterwards. */
    void stop() throws SQLException, InterruptedException;

    /** Every commit that clients were told of. */
    List<Acknowledged> acknowledged();

    /** What the traffic was like, for people; empty if there is nothing to say. */
    default String notes() {
        return "";
    }

    @Override
    void close() throws SQLException;

    /** Starts the traffic that the options name, on a bank that was made before. */
    static Traffic start(CampaignOptions options, List<XADataSource> shards, Bank bank) throws SQLException {
        return switch (options.coordinator()) {
            case XA -> xa(XaWorkload.start(shards, bank, WorkloadOptions.of(options.seed())));
            case NARAYANA -> NarayanaTraffic.start(shards, bank, options.seed());
            case SHARDINGSPHERE -> ShardingSphereTraffic.start(shards, bank, options.seed());
            case CITUS -> CitusTraffic.start(shards, bank, options.seed());
        };
    }

    private static Traffic xa(XaWorkload workload) {
        return new Traffic() {
            @Override
            public void stop() throws SQLException, InterruptedException {
                workload.stop();
            }

            @Override
            public List<Acknowledged> acknowledged() {
                return workload.acknowledged();
            }

            @Override
            public void close() throws SQLException {
                workload.close();
            }
        };
    }
}
