package io.isochron.store;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * Who holds a lease.
 *
 * @param user the operating system's user
 * @param host the machine
 * @param process the process id there
 * @param program version of the program
 */
public record LeaseHolder(String user, String host, long process, String program) {
    /** This process. */
    public static LeaseHolder self(String host, String program) {
        return new LeaseHolder(
                System.getProperty("user.name", "unknown"),
                host,
                ProcessHandle.current().pid(),
                program);
    }

    /** The same, with the host's name as it knows itself. */
    public static LeaseHolder self(String program) {
        return self(localHost(), program);
    }

    private static String localHost() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    /**
     * Whether a lease is held by a process of our own host that is not there any more.
     *
     * @param self somebody on this host
     */
    public static boolean dead(Repository repository, String resource, LeaseHolder self) throws IOException {
        return repository
                .leases()
                .newest(resource)
                .filter(LeaseState::held)
                .map(LeaseState::holder)
                .filter(holder -> holder.host.equals(self.host))
                .filter(holder -> !ProcessHandle.of(holder.process)
                        .map(ProcessHandle::isAlive)
                        .orElse(false))
                .isPresent();
    }

    /** For people. */
    public String describe() {
        return user + "@" + host + " (process " + process + ")";
    }
}
