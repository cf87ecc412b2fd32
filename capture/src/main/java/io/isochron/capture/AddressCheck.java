package io.isochron.capture;

import io.isochron.capture.CheckResult.Verdict;
import io.isochron.wire.ConnectionSettings;
import io.isochron.wire.ReplicationConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Who answers at each address of a shard that has several: capture can follow a failover only to a server that lets it in. */
final class AddressCheck {
    private final ShardSource source;

    AddressCheck(ShardSource source) {
        this.source = source;
    }

    /** One finding for each address; none if there is only one. */
    List<CheckResult> run() {
        List<CheckResult> results = new ArrayList<>();
        List<ConnectionSettings> places = source.settings().places();
        if (places.size() < 2) {
            return results;
        }
        int primaries = 0;
        for (ConnectionSettings place : places) {
            try (ReplicationConnection connection = ReplicationConnection.open(
                    place.withConnectTimeoutIfUnset(5).withApplicationName("isochron_check"))) {
                ServerIdentity server = ServerIdentity.of(connection);
                primaries += server.standby() ? 0 : 1;
                results.add(new CheckResult(
                        source.name(),
                        "address",
                        primaries > 1 && !server.standby() ? Verdict.WARN : Verdict.OK,
                        place.where() + " is a " + (server.standby() ? "standby" : "primary") + " on timeline "
                                + server.timeline(),
                        primaries > 1 && !server.standby()
                                ? "two servers accept writes: the one on the latest timeline is captured"
                                : ""));
            } catch (IOException e) {
                results.add(new CheckResult(
                        source.name(),
                        "address",
                        Verdict.WARN,
                        place.where() + ": "
                                + String.valueOf(e.getMessage())
                                        .lines()
                                        .findFirst()
                                        .orElse("no answer"),
                        "after a failover to this server capture could not go on: let its role in there too"));
            }
        }
        return results;
    }
}
